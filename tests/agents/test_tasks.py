"""Task files: what is refused in them; and that the gold of ours can be reached with the real tools."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agents.tasks import Kind, Performed, Task, TaskError, load
from agents.words import spoken_words
from tests.agents.gold import DATA, Ran, run_gold, toolbox
from tests.data.fresh_tools import fresh_tools
from tests.data.unseen_tools import unseen_tools
from tools.toolbox import Toolbox

TOOLBOX = toolbox()
LINE: dict[str, Any] = {
    "id": "one",
    "said": "find the lease and text Ben where it is",
    "kind": "chained",
    "now": "2026-11-23T09:00:00",
    "world": "household",
    "calls": [
        {"id": 1, "name": "open_and_get_file_path", "arguments": {"name": "lease"}},
        {"id": 2, "name": "send_sms", "arguments": {"to": "Ben", "message": "$1"}},
    ],
    "effects": [{"name": "send_sms", "arguments": {"to": "Ben", "message": "Documents/lease.pdf"}}],
}


def written(folder: Path, *lines: dict[str, Any] | str) -> Path:
    path = folder / "tasks.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


def test_a_task_is_read(tmp_path: Path) -> None:
    words = [[word, 0.3 * at] for at, word in enumerate(LINE["said"].split())]
    path = written(tmp_path, LINE | {"words": words, "answer_any": ["Ben"]}, "", LINE | {"id": "two"})
    first, second = load(path, TOOLBOX)
    assert (first.id, first.kind, first.now.year, first.calls[1].arguments["message"]) == (
        "one",
        Kind.CHAINED,
        2026,
        "$1",
    )
    assert first.words[1] == ("the", 0.3) and not second.words


def call(tool: str, **arguments: object) -> dict[str, object]:
    return {"id": 1, "name": tool, "arguments": arguments}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "odd"}, "kind: "),
        ({"extra": 1}, "extra: "),
        ({"said": " "}, "said: is empty"),
        ({"now": "soon"}, "now: "),
        ({"calls": [call("open_fridge")]}, 'call 1: I have no tool called "open fridge"'),
        ({"calls": [call("open_note")]}, 'call 1: The tool "open note" needs "name"'),
        ({"calls": [call("open_note", title="x")]}, 'call 1: The tool "open note" takes no "title"'),
        ({"calls": [call("open_note", name="$1")]}, "call 1: no call before it is $1"),
        ({"calls": [call("open_note", name="x")] * 2}, "call 1: there are two"),
        ({"effects": []}, "effects: none for send_sms, which is called"),
        ({"calls": LINE["calls"][:1]}, "effects: no call makes this send_sms"),
        ({"effects": [call("send_sms", to="Tom", message="x")]}, "effects.0.id: "),
        (
            {"effects": [{"name": "send_sms", "arguments": {"to": "Tom", "message": "x"}}]},
            "effects: no call makes this send_sms",
        ),
        ({"words": [["find", 0.1]]}, "words: are not those of said"),
        (
            {"said": "hi there", "calls": [], "effects": [], "words": [["hi", 0.5], ["there", 0.2]]},
            "words: their times do not go forward",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    path = written(tmp_path, LINE, LINE | {"id": "two"} | change)
    with pytest.raises(TaskError) as caught:
        load(path, TOOLBOX)
    assert f"{path}:2: {says}" in str(caught.value) and "\n" not in str(caught.value)


def test_what_is_no_task_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="cannot be read"):
        load(tmp_path / "none.jsonl", TOOLBOX)
    with pytest.raises(TaskError, match="no task in it"):
        load(written(tmp_path), TOOLBOX)
    with pytest.raises(TaskError, match=":1: "):
        load(written(tmp_path, "{"), TOOLBOX)
    with pytest.raises(TaskError, match=r':2: id "one" is that of line 1 too'):
        load(written(tmp_path, LINE, LINE), TOOLBOX)


# ---- the task files of this project -------------------------------------------------------------


FRESH = ("fresh", "fresh_unseen")
USERS = {"unseen": unseen_tools, "fresh_unseen": fresh_tools}  # what a user brings, by the task file


def own_toolbox(name: str) -> Toolbox:
    """The tools of a task file: the built-in ones and a user's own, each service in its first state."""
    return toolbox(USERS[name]()) if name in USERS else TOOLBOX


@pytest.mark.parametrize(
    ("name", "least"), [("assistant", 8), ("unseen", 5), ("fresh", 4), ("fresh_unseen", 4)]
)
def test_every_tool_is_asked_for_by_several_tasks(name: str, least: int) -> None:
    tools = USERS[name]() if name in USERS else TOOLBOX
    tasks = load(DATA / f"{name}.jsonl", own_toolbox(name))
    used = Counter(tool for task in tasks for tool in {call.name for call in task.calls})
    assert not [tool.name for tool in tools if used[tool.name] < least]


@pytest.mark.parametrize("name", ["assistant", "disfluent", "unseen", *FRESH])
def test_the_gold_of_every_task_can_be_reached(name: str) -> None:
    wrong = [
        f"{task.id}: {problem}"
        for task in load(DATA / f"{name}.jsonl", own_toolbox(name))
        if (problem := _problem(task, run_gold(task, own_toolbox(name))))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_fresh_request_is_in_another_set() -> None:
    places: dict[str, list[str]] = {}
    for path in sorted(DATA.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            said = " ".join(spoken_words(json.loads(line).get("said", ""))).casefold()
            if said:
                places.setdefault(said, []).append(path.stem)
    assert not {said: names for said, names in places.items() if len(names) > 1 and {*FRESH} & {*names}}


def test_the_fresh_tools_are_new() -> None:
    known = {tool.name for tool in own_toolbox("unseen")}
    assert not [tool.name for tool in fresh_tools() if tool.name in known]


def _problem(task: Task, ran: Ran) -> str:
    if ran.failures:
        return f"failed: {ran.failures}"
    stood = list(ran.effects)
    for effect in task.effects:
        same = next((each for each in stood if _alike(effect, each)), None)
        if same is None:
            return f"no effect {effect} among {ran.effects}"
        stood.remove(same)
    if stood:
        return f"more effects: {stood}"
    if task.answer_any and not any(text.casefold() in ran.answer.casefold() for text in task.answer_any):
        return f"said: {ran.answer}"
    return ""


def _alike(gold: Performed, ran: Performed) -> bool:
    """Equal, but for `$n`, which stands for what nobody can know beforehand."""
    if gold.name != ran.name or gold.arguments.keys() != ran.arguments.keys():
        return False
    return all(
        value == ran.arguments[key] or (isinstance(value, str) and value.startswith("$"))
        for key, value in gold.arguments.items()
    )
