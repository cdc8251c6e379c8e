r"""The tagged text protocol: events to model text, and model text to actions, incrementally.

The tags are those of *Speculative Interaction Agents* (arXiv 2605.13360); the paper's exact grammar is
not published, so this page defines ours. It is the one source for prompts, parsers and training data.

    stream  := tool* (news | action)*
    tool    := "<tool> " name "(" [parameter {", " parameter}] ") " description
                                                       what may be called, where the model does not know it
    news    := "<partial_query_update> " words          new stable words while the user speaks
             | "<final_query_update> " words            once, at the end of the turn; may be empty
             | "<tool_result> " id " " text             call `id` finished (or "failed: " and why)
             | "<cancel> " id                           call `id` fell with one it depended on
    action  := "<think> " text ("</think>" | "</think_interrupted>")
             | "<tool_call> " id " " name "(" [parameter "=" json {", " parameter "=" json}] ")"
             | "<tool_call> REMOVE " id
             | "<pause>"
             | "<answer> " text "\n"

A parameter is a name, `?` behind it where it may be left out, and behind `: ` its type where it is no
text, or its choices with `|` between them.

IDs count from 1 in each turn; the same ID again patches the call. In arguments, the string "$n" is the
value of call n; in the answer, `$n` is its spoken result, filled in by the session when it is there.
So a brain can answer before the results are, and never has to copy them. A reaction is zero or more
thinks and calls and then one pause or answer. Words carry no punctuation at their edges. Words that do
not continue what was said before (the recogniser changed its mind) restart the sentence: the update
then carries all words of the turn. Text from tools is cut to one line and cannot contain a tag.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from agents.actions import Action, Answer, Answering, Call, Pause, Remove, Speak, Think
from agents.events import (
    CASCADE,
    CallChanged,
    CallIssued,
    CallRemoved,
    CallState,
    Drafted,
    Event,
    Paused,
    Thought,
    Updated,
)
from agents.words import new_words, spoken_words
from tools.tool import Json

PARTIAL = "<partial_query_update>"
FINAL = "<final_query_update>"
THINK = "<think>"
THINK_END = "</think>"
THINK_INTERRUPTED = "</think_interrupted>"
TOOL_CALL = "<tool_call>"
TOOL_RESULT = "<tool_result>"
CANCEL = "<cancel>"
PAUSE = "<pause>"
ANSWER = "<answer>"
TOOL = "<tool>"
TAGS = (
    PARTIAL,
    FINAL,
    THINK,
    THINK_END,
    THINK_INTERRUPTED,
    TOOL_CALL,
    TOOL_RESULT,
    CANCEL,
    PAUSE,
    ANSWER,
    TOOL,
)
RESULT_LIMIT = 200  # characters of a tool result a model is shown
ABOUT_LIMIT = 100  # characters of a tool's description

_ACTION_TAG = re.compile("|".join(map(re.escape, (THINK, TOOL_CALL, PAUSE, ANSWER))))
_CALL = re.compile(r"\s*(\d+)\s+([A-Za-z_][\w.-]*)\(")
_REMOVE = re.compile(r"\s*REMOVE\s+(\d+)")
_PARAMETER = re.compile(r"[\s,]*([A-Za-z_]\w*)\s*=\s*")
_DECODER = json.JSONDecoder()


class ProtocolError(ValueError):
    """Model text that is no action. The message quotes the place."""


def write(action: Action) -> str:
    """One action as the model writes it."""
    match action:
        case Think(text, interrupted):
            return f"{THINK} {text}{THINK_INTERRUPTED if interrupted else THINK_END}"
        case Call(id, name, arguments):
            inside = ", ".join(
                f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items()
            )
            return f"{TOOL_CALL} {id} {name}({inside})"
        case Remove(id):
            return f"{TOOL_CALL} REMOVE {id}"
        case Pause():
            return PAUSE
        case Answering():
            return ANSWER
        case Answer(text):
            return f"{ANSWER} {text}\n"
        case Speak():
            return ""  # its words come with the answer


def declare(name: str, description: str, parameters: Mapping[str, Any]) -> str:
    """A tool as a model is told of it, from its JSON schema and the first line of its description."""
    properties = cast("Mapping[str, Mapping[str, Any]]", parameters.get("properties", {}))
    required = parameters.get("required", ())
    inside = ", ".join(
        f"{key}{'' if key in required else '?'}{_type(schema)}" for key, schema in properties.items()
    )
    about = data(description.strip().partition("\n")[0])[:ABOUT_LIMIT]
    return f"{TOOL} {name}({inside}) {about}".rstrip()


def _type(schema: Mapping[str, Any]) -> str:
    """The type of a parameter behind its name; nothing for a text."""
    if found := choices(schema):
        return f": {'|'.join(map(data, map(str, found)))}"
    for each in _variants(schema):
        if (kind := each.get("type", "string")) not in ("string", "null"):
            return f": {kind}"
    return ""


def choices(schema: Mapping[str, Any]) -> list[Any]:
    """What a parameter may be, by its JSON schema; empty where it is no choice."""
    return next((each["enum"] for each in _variants(schema) if each.get("enum")), list[Any]())


def _variants(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return schema, *cast("Sequence[Mapping[str, Any]]", schema.get("anyOf", ()))


def render(events: Sequence[Event]) -> str:
    """The stream of one turn, as the model lives it: its own actions and the news between them."""
    return "".join(elements(events))


def elements(events: Sequence[Event]) -> Iterator[str]:
    """The stream of one turn in its parts: each opens with a tag."""
    said = ""
    versions: dict[int, int] = {}
    # An end of turn that was none is told as what it was: words, and an answer nobody heard.
    latest = max((at for at, event in enumerate(events) if isinstance(event, Updated)), default=0)
    for at, event in enumerate(events):
        match event:
            case Updated(text=text, final=final):
                words = new_words(said, text)
                said = text
                yield update(spoken_words(text) if words is None else words, final and at == latest)
            case Thought(text=text, interrupted=interrupted):
                yield write(Think(text, interrupted))
            case CallIssued(call=call, version=version, name=name, arguments=arguments):
                versions[call] = version
                yield write(Call(call, name, arguments))
            case CallRemoved(call=call):
                yield write(Remove(call))
            case CallChanged(call=call, version=version, state=state, reason=reason, text=text):
                if version == versions.get(call):
                    yield from _news_of_call(call, state, reason, text)
            case Paused():
                yield PAUSE
            case Drafted(text=text):
                yield write(Answer(text)) if at > latest else PAUSE
            case _:
                pass


def update(words: Iterable[str], final: bool) -> str:
    """New words as news."""
    return " ".join([FINAL if final else PARTIAL, *words])


def result(call: int, text: str) -> str:
    """A result as news."""
    return f"{TOOL_RESULT} {call} {data(text)}"


def data(text: str) -> str:
    """What a tool returned, as a model is shown it: one line, without anything that could pass for a tag."""
    return " ".join(text.replace("<", " ").replace(">", " ").split())[:RESULT_LIMIT]


def _news_of_call(call: int, state: CallState, reason: str, text: str) -> Iterator[str]:
    if state is CallState.READY:
        yield result(call, text)
    elif state is CallState.FAILED:
        yield result(call, f"failed: {text}")
    elif state is CallState.DISCARDED and reason == CASCADE:
        yield f"{CANCEL} {call}"


class ActionParser:
    """Reads actions out of model text that arrives in pieces of any size.

    A call is complete at its closing parenthesis, so it can start while the model writes on; an answer
    at the end of its line. `close` completes what the end of the text completes.
    """

    def __init__(self) -> None:
        self._text = ""

    @property
    def is_answering(self) -> bool:
        """Whether what is not complete yet is an answer."""
        return self._text.lstrip().startswith(ANSWER)

    def feed(self, piece: str) -> list[Action]:
        """Add text; return the actions it completed. Raises ProtocolError for text that is none."""
        self._text += piece
        return list(self._actions(last=False))

    def close(self) -> list[Action]:
        """The text has ended; return the actions that this completes.

        Raises ProtocolError where it ended inside a call; an unfinished thought counts as interrupted.
        """
        actions = list(self._actions(last=True))
        if self._text.strip():
            raise ProtocolError(f"unfinished: {self._text.strip()[:80]!r}")
        return actions

    def _actions(self, last: bool) -> Iterator[Action]:
        while (found := self._next(last)) is not None:
            action, end = found
            self._text = self._text[end:]
            yield action

    def _next(self, last: bool) -> tuple[Action, int] | None:
        start = len(self._text) - len(self._text.lstrip())
        tag = _ACTION_TAG.match(self._text, start)
        if tag is None:
            rest = self._text[start:]
            if rest and not any(known.startswith(rest) for known in TAGS):
                raise ProtocolError(f"expected an action: {rest[:80]!r}")
            return None
        match tag.group():
            case "<pause>":
                return Pause(), tag.end()
            case "<think>":
                return self._think(tag.end(), last)
            case "<answer>":
                return self._answer(tag.end(), last)
            case _:
                return self._call(tag.end(), last)

    def _think(self, start: int, last: bool) -> tuple[Action, int] | None:
        for mark, interrupted in ((THINK_END, False), (THINK_INTERRUPTED, True)):
            end = self._text.find(mark, start)
            if end >= 0:
                return Think(self._text[start:end].strip(), interrupted), end + len(mark)
        return (Think(self._text[start:].strip(), interrupted=True), len(self._text)) if last else None

    def _answer(self, start: int, last: bool) -> tuple[Action, int] | None:
        end = self._text.find("\n", start)
        if end < 0 and not last:
            return None
        text = self._text[start:] if end < 0 else self._text[start:end]
        return Answer(text.strip()), len(self._text) if end < 0 else end + 1

    def _call(self, start: int, last: bool) -> tuple[Action, int] | None:
        removed = _REMOVE.match(self._text, start)
        if removed is not None:
            # A digit may still follow until something else does.
            return (
                (Remove(int(removed.group(1))), removed.end())
                if last or removed.end() < len(self._text)
                else None
            )
        head = _CALL.match(self._text, start)
        if head is None:
            if "(" in self._text[start:] or last:
                raise ProtocolError(f"not a call: {self._text[start : start + 80]!r}")
            return None
        arguments: dict[str, Json] = {}
        at = head.end()
        while True:
            closing = re.compile(r"\s*\)").match(self._text, at)
            if closing is not None:
                return Call(int(head.group(1)), head.group(2), arguments), closing.end()
            parameter = _PARAMETER.match(self._text, at)
            if parameter is None or not _complete(self._text, parameter.end()):
                if _complete(self._text, at) and parameter is None and _hopeless(self._text[at:]):
                    raise ProtocolError(f"not a parameter: {self._text[at : at + 80]!r}")
                return None
            try:
                value, at = _DECODER.raw_decode(self._text, parameter.end())
            except ValueError as error:
                raise ProtocolError(f"not a value: {self._text[parameter.end() :][:80]!r}") from error
            arguments[parameter.group(1)] = value


def _hopeless(rest: str) -> bool:
    """Whether `rest`, where a parameter belongs, can no longer become one."""
    return re.fullmatch(r"[\s,]*([A-Za-z_]\w*)?\s*", rest) is None


def _complete(text: str, start: int) -> bool:
    """Whether the JSON value at `start` has ended, so that decoding can only succeed or be wrong."""
    depth, quoted, escaped = 0, False, False
    for character in text[start:]:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = character == "\\", character != '"'
            if not quoted and depth == 0:
                return True
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
            if depth == 0:
                return True
        elif depth == 0 and character in ",)":
            return True  # a number, true, false or null ends before what follows it
    return False
