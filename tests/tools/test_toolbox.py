from __future__ import annotations

import json
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.registry import tool
from tools.tool import Effect, Json, ToolContext, ToolError, ToolResult
from tools.toolbox import Toolbox


@tool(effect=Effect.READ)
async def go(
    context: ToolContext,
    to: Annotated[str, "Where to."],
    from_: str | None = None,
    steps: int = 1,
    fast: bool = False,
) -> ToolResult:
    """Go somewhere.

    More about it.
    """
    return ToolResult(f"{from_} {to} {steps} {fast}")


BOX = Toolbox([go])


def test_the_schema_comes_from_the_signature() -> None:
    assert (go.name, go.description) == ("go", "Go somewhere.")
    assert go.parameters == {
        "type": "object",
        "properties": {
            "to": {"type": "string", "description": "Where to."},
            "from": {"type": "string"},
            "steps": {"type": "integer"},
            "fast": {"type": "boolean"},
        },
        "required": ["to"],
        "additionalProperties": False,
    }
    assert go.required == {"to"}


async def test_runs_with_names_that_are_keywords(context: ToolContext) -> None:
    result = await BOX.get("go").run(context, {"to": "work", "from": " home ", "steps": 2})
    assert result.text == "home work 2 False"


def test_a_parameter_needs_an_annotation() -> None:
    async def bare(context: ToolContext, what) -> ToolResult:  # pyright: ignore
        return ToolResult("")

    with pytest.raises(TypeError, match="what has no annotation"):
        tool(effect=Effect.READ)(bare)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("fly", {}, 'I have no tool called "fly".'),
        ("go", {}, 'The tool "go" needs "to".'),
        ("go", {"to": "  "}, 'The tool "go" needs "to".'),
        ("go", {"to": None}, 'The tool "go" needs "to".'),
        ("go", {"to": "x", "via": "y"}, 'The tool "go" takes no "via".'),
        ("go", {"to": ["x"]}, 'The tool "go" cannot take ["x"] as "to".'),
        ("go", {"to": True}, 'The tool "go" cannot take true as "to".'),
        ("go", {"to": "x", "steps": "y"}, 'The tool "go" cannot take "y" as "steps".'),
        ("go", {"to": "x", "fast": 1}, 'The tool "go" cannot take 1 as "fast".'),
    ],
)
def test_check_says_what_is_wrong(name: str, arguments: dict[str, Json], said: str) -> None:
    with pytest.raises(ToolError) as caught:
        BOX.check(name, arguments)
    assert str(caught.value) == said


def test_check_tidies() -> None:
    assert BOX.check("go", {"from": "", "to": " 21 "}) == {"to": "21"}
    assert BOX.check("go", {"from": None, "to": 21}) == {"to": "21"}
    assert BOX.check("go", {"to": 21.5}) == {"to": "21.5"}
    assert list(BOX.check("go", {"from": "a", "to": "b"})) == ["to", "from"]


def test_one_key_for_calls_that_mean_the_same() -> None:
    key = BOX.canonical("go", {"to": "Work", "from": "HOME  lane"})
    assert key == BOX.canonical("go", {"from": " home lane", "to": "work", "steps": None})
    assert BOX.canonical("go", {"to": "Pier Seven at 1"}) == BOX.canonical("go", {"to": "pier 7 at one"})
    assert BOX.canonical("go", {"to": "check-in"}) != BOX.canonical("go", {"to": "check in"})
    assert key != BOX.canonical("go", {"to": "Work"})
    assert key != BOX.canonical("run", {"to": "Work", "from": "home lane"})


WORDS = st.text("aB $1\n\u00e9", max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["to", "from", "steps", "fast", "x"]), JSON))
def test_any_arguments_fit_or_are_refused_in_one_line(arguments: dict[str, Json]) -> None:
    BOX.canonical("go", arguments)
    try:
        checked = BOX.check("go", arguments)
    except ToolError as error:
        assert len(str(error).splitlines()) == 1
    else:
        assert isinstance(checked["to"], str)
        assert BOX.check("go", checked) == checked


def test_names_are_unique_and_the_order_is_kept(toolbox: Toolbox) -> None:
    with pytest.raises(ValueError, match="two tools are called go"):
        Toolbox([go, go])
    assert [tool.name for tool in toolbox][0] == "get_phone_number"
    assert "set_timer" in toolbox and "fly" not in toolbox
    assert len(toolbox) == 24


def test_the_assistants_tools_are_those_of_the_design(toolbox: Toolbox) -> None:
    design = """
        get_phone_number name | get_email_address name | find_events day? query?
        create_calendar_event title start end? invitees? location? notes?
        compose_new_email to subject? body? attachments? | reply_to_email body to? | forward_email to body?
        send_sms to message | create_note name content? folder? | open_note name
        append_note_content name content | create_reminder title due? notes? list?
        open_and_get_file_path name | summarize_pdf path | maps_open_location place
        maps_show_directions to from? mode? | get_zoom_meeting_link topic start? duration? invitees?
        search query | get_weather place day? | set_timer duration label? | list_timers | play_music what
        set_light room state | set_thermostat degrees
    """
    wanted = {
        line.split()[0]: line.split()[1:] for line in design.replace("\n", "|").split("|") if line.strip()
    }
    found = {
        tool.name: [key + ("" if key in tool.required else "?") for key in tool.parameters["properties"]]
        for tool in toolbox
    }
    assert found == wanted
    effects = {each.name: each.effect for each in toolbox}
    assert [name for name, effect in effects.items() if effect is Effect.CONFIRM] == ["send_sms"]
    for each in toolbox:
        assert (each.undo is not None) == (each.effect is Effect.WRITE), each.name
        assert each.local == (each.effect is not Effect.READ), each.name
        assert each.description and json.dumps(each.parameters)
        assert all(part.get("description") for part in each.parameters["properties"].values()), each.name
