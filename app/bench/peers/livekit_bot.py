# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["livekit-agents==1.8.9", "livekit-plugins-openai==1.8.9"]
# ///
"""A stock LiveKit Agents bot, without room or server: its own session, turns, OpenAI client and tools.

A program of its own, in an environment of its own: it wants a client of OpenAI that Pipecat cannot have.
It reads lines of JSON that say what the user says and what tools return, and writes lines that say what the
bot calls and answers; `livekit_process` is at the other end.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from livekit.agents import Agent, AgentSession, LanguageCode, RunContext, function_tool, stt
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS
from livekit.agents.version import __version__
from livekit.agents.voice import io
from livekit.plugins import openai

HEARD = {
    "start": (stt.SpeechEventType.START_OF_SPEECH,),
    "partly": (stt.SpeechEventType.INTERIM_TRANSCRIPT,),
    "likely end": (stt.SpeechEventType.PREFLIGHT_TRANSCRIPT,),
    "end": (stt.SpeechEventType.FINAL_TRANSCRIPT, stt.SpeechEventType.END_OF_SPEECH),
}
STEPS = 10  # of calls that need each other's results; LiveKit's 3 would cut the longest task off


def tell(what: str, **more: object) -> None:
    """Write a line."""
    print(json.dumps({"is": what} | more), flush=True)


class Recogniser(stt.STT):
    """Hears what it is told, and decides on turns itself."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=True))
        self.events: asyncio.Queue[stt.SpeechEvent] = asyncio.Queue()

    def hear(self, what: str, text: str) -> None:
        """Let it say so."""
        for kind in HEARD[what]:
            data = [stt.SpeechData(LanguageCode("en"), text)] if text else []
            self.events.put_nowait(stt.SpeechEvent(kind, alternatives=data))

    def stream(self, *, conn_options: Any = DEFAULT_API_CONNECT_OPTIONS, **_: Any) -> stt.RecognizeStream:
        """What it hears."""
        return _Stream(stt=self, conn_options=conn_options)

    async def _recognize_impl(self, *_: Any, **__: Any) -> stt.SpeechEvent:
        raise NotImplementedError


class _Stream(stt.RecognizeStream):
    async def _run(self) -> None:
        recogniser = self._stt
        assert isinstance(recogniser, Recogniser)
        while True:
            self._event_ch.send_nowait(await recogniser.events.get())


class _Mouth(io.TextOutput):
    """Says what the bot says."""

    def __init__(self) -> None:
        super().__init__(label="answer", next_in_chain=None)

    async def capture_text(self, text: str) -> None:
        tell("text", text=text)

    def flush(self) -> None:
        tell("flush")


class Bot:
    """One conversation."""

    def __init__(self, *, url: str, preemptive: bool, tools: list[dict[str, Any]]) -> None:
        self._results: dict[str, asyncio.Future[str]] = {}
        self._recogniser = Recogniser()
        self._session: AgentSession[None] = AgentSession(
            stt=self._recogniser,
            vad=None,
            llm=openai.LLM(model="gold", base_url=url, api_key="none"),
            turn_handling={
                "turn_detection": "stt",
                "endpointing": {"min_delay": 0.0},  # the recogniser has waited long enough
                "preemptive_generation": {"enabled": preemptive},
            },
            max_tool_steps=STEPS,
            session_close_transcript_timeout=0.0,  # there is no more to hear
        )
        self._session.output.transcription = _Mouth()
        functions = [function_tool(self._call, raw_schema=tool) for tool in tools]
        self._agent = Agent(instructions="You are a helpful assistant.", tools=functions)

    async def _call(self, raw_arguments: dict[str, object], context: RunContext[None]) -> str:
        call = context.function_call
        self._results[call.call_id] = asyncio.get_running_loop().create_future()
        tell("call", id=call.call_id, name=call.name, arguments=raw_arguments)
        return await self._results[call.call_id]

    async def start(self) -> None:
        """Be there."""
        await self._session.start(self._agent)

    def take(self, line: dict[str, Any]) -> None:
        """What the user said, or a tool returned."""
        if line["do"] == "return":
            self._results[line["id"]].set_result(line["result"])
        else:
            self._recogniser.hear(line["do"], line.get("text", ""))

    async def close(self) -> None:
        """Be gone."""
        await self._session.aclose()


async def main() -> None:
    """One conversation after the other, until there are no more lines."""
    lines = asyncio.StreamReader(limit=2**20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tell("ready", version=__version__)
    bot: Bot | None = None
    async for raw in lines:
        line = json.loads(raw)
        if line["do"] == "open":
            bot = Bot(url=line["url"], preemptive=line["preemptive"], tools=line["tools"])
            await bot.start()
            tell("open")
        elif bot is not None and line["do"] == "close":
            await bot.close()
            tell("closed")
        elif bot is not None:
            bot.take(line)


if __name__ == "__main__":
    asyncio.run(main())
