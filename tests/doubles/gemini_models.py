"""The models of the Gemini double, what each takes, and the text model's REST interface."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from google.genai import types

from tests.doubles import gemini_wire as wire
from tests.doubles.gemini_mind import Ask
from tests.doubles.gemini_wire import Refused

KEY = "AIzaSy-the-key-of-the-double"
MODELS = {
    "gemini-3.8-live": "bidiGenerateContent",
    "gemini-2.5-flash-live": "bidiGenerateContent",
    "gemini-3.8-flash": "generateContent",
}
WRONG_KEY = "API key not valid. Please pass a valid API key."
NO_KEY = "Method doesn't allow unregistered callers (callers without established identity)."

# What the text model calls, given the last thing it is told.
Guess = Callable[[str], Sequence[Ask]]


def nothing(told: str) -> Sequence[Ask]:
    """A text model that never calls anything."""
    return []


def described(name: str) -> dict[str, Any] | None:
    """What `models.get` answers; None for a model that there is not."""
    method = MODELS.get(name)
    return method and {"name": f"models/{name}", "supportedGenerationMethods": [method]}


def check_setup(message: wire.Setup) -> None:
    """Whether the model is there and takes this configuration. Raises Refused."""
    if MODELS.get(message.model) != "bidiGenerateContent":
        raise Refused(
            f"models/{message.model} is not found for API version v1beta, or is not supported for "
            "bidiGenerateContent.",
            1008,
        )
    if not message.model.startswith("gemini-3.8"):
        return
    config = message.setup.generation_config
    modalities = [str(one.value) for one in (config.response_modalities or [])] if config else []
    if modalities != ["AUDIO"]:
        raise Refused("responseModalities: gemini-3.8-live answers with AUDIO only")
    if config and (config.thinking_config or config.enable_affective_dialog is not None):
        raise Refused("generationConfig: gemini-3.8-live takes no thinkingConfig or affective dialog")
    if message.setup.proactivity is not None:
        raise Refused("proactivity cannot be set for gemini-3.8-live")


def check_request(body: Any) -> str:
    """Check a generateContent request; the text that was told last. Raises Refused."""
    fields = wire.fields_of(body, "request")
    tools = wire.tools_of(fields.pop("tools", []))
    if any(tool.behavior is not None for tool in tools.values()):
        raise Refused("tools: behavior is for bidiGenerateContent only")
    config = wire.checked(types.GenerationConfig, fields.pop("generation_config", {}), "generationConfig")
    thinking = config.thinking_config
    if thinking is not None and thinking.thinking_level is not None:
        if thinking.thinking_budget is not None:
            raise Refused("thinkingConfig: level and budget exclude each other")
        if str(thinking.thinking_level.value) not in ("LOW", "MEDIUM", "HIGH"):
            raise Refused(f"thinkingLevel {thinking.thinking_level.value} is not supported for this model")
    if config.response_modalities:
        raise Refused("responseModalities: this model answers with text")
    instruction = fields.pop("system_instruction", None)
    if instruction is not None:
        wire.checked(types.Content, instruction, "systemInstruction")
    contents = [wire.checked(types.Content, one, "contents") for one in fields.pop("contents", [])]
    if fields:
        raise Refused(f"request: unknown field {next(iter(fields))!r}")
    if not contents or contents[-1].role != "user":
        raise Refused("contents must end with the user")
    for content in contents:
        if content.role not in ("user", "model") or not content.parts:
            raise Refused("contents: a role of user or model, and parts")
        if any(part.function_call and not part.thought_signature for part in content.parts):
            raise Refused("Function call is missing a thought_signature in functionCall parts.")
    return "".join(part.text or "" for part in contents[-1].parts or [])


def chunks(asks: Sequence[Ask], told: str) -> list[dict[str, Any]]:
    """The parts of a streamed response: every call whole, then the end with the counts."""
    parts: list[dict[str, Any]] = [
        {"functionCall": {"name": ask.name, "args": dict(ask.args)}, "thoughtSignature": "c2lnbmVk"}
        for ask in asks
    ] or [{"text": "ok"}]
    prompt = 400 + len(told) // 4
    usage = {"promptTokenCount": prompt, "cachedContentTokenCount": 300, "totalTokenCount": prompt}
    stream = [
        {
            "candidates": [{"index": 0, "content": {"role": "model", "parts": [part]}}],
            "usageMetadata": usage,
            "modelVersion": "gemini-3.8-flash",
        }
        for part in parts
    ]
    written = 12 * len(asks) + 1
    stream.append(
        {
            "candidates": [
                {"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [{"text": ""}]}}
            ],
            "usageMetadata": {
                **usage,
                "candidatesTokenCount": written,
                "thoughtsTokenCount": 5,
                "totalTokenCount": prompt + written + 5,
            },
            "modelVersion": "gemini-3.8-flash",
        }
    )
    return stream


def on_words(script: dict[str, Sequence[Ask]]) -> Guess:
    """Call what `script` says at the first of its words that was not heard before, each entry once.

    Words are looked for in what the user said, not in the list of calls. Revisions name the open call.
    """
    done: set[str] = set()

    def guess(told: str) -> Sequence[Ask]:
        said = re.split(r"\nopen call", told)[0].casefold()
        asks: list[Ask] = []
        for word, calls in script.items():
            if word not in done and re.search(rf"\b{re.escape(word.casefold())}\b", said):
                done.add(word)
                asks += calls
        return asks

    return guess
