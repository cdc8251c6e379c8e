"""Of many declared tools, those that a small model is told of."""

from agents.brains.grammar import Situation
from agents.brains.narrowing import FEW, narrowed
from tests.data.unseen_tools import unseen_tools
from tools.assistant import assistant_tools
from tools.toolbox import Toolbox

BUILT_IN = [tool.name for tool in assistant_tools()]
MANY = Toolbox([*assistant_tools(), *unseen_tools()])


def told(said: str, calls: dict[int, str] | None = None, box: Toolbox = MANY) -> list[str]:
    names = [tool.name for tool in narrowed(box, Situation(tuple(said.split()), calls or {}))]
    assert names[: len(BUILT_IN)] == BUILT_IN
    return names[len(BUILT_IN) :]


def test_a_tool_is_told_of_once_a_word_of_its_declaration_was_said() -> None:
    assert told("what's the weather like in Bergen tomorrow") == []
    assert told("I'd like to") == []
    assert told("which Library books have I got") == ["library_loans", "renew_loan"]
    assert "log_workout" in told("write an hour of rowing into my fitness log")
    assert "convert_currency" in told("converting forty pounds")


def test_a_tool_in_use_stays_whatever_is_said_after_it() -> None:
    assert told("forget it", {1: "dock_vacuum", 2: "find_events"}) == ["dock_vacuum"]


def test_a_few_tools_are_all_told_of() -> None:
    few, more = (Toolbox([*assistant_tools(), *unseen_tools()[:count]]) for count in (FEW, FEW + 1))
    assert len(told("hello", box=few)) == FEW and told("hello", box=more) == []


def test_the_same_tools_are_one_toolbox_as_long_as_nothing_new_is_meant() -> None:
    first, second = (
        narrowed(MANY, Situation(tuple(said.split()))) for said in ("any trains", "any trains to Exeter")
    )
    assert first is second and len(list(first)) == len(BUILT_IN) + 2
