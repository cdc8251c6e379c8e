"""Commands that people said as training data: what is made of them, and what is left out."""

import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.actions import Call, Remove
from agents.training import families, slurp
from agents.training.clock import streams
from agents.training.phrasing import BUILT_IN, Phrase
from agents.training.slurp import Commands
from agents.training.speaker import Speaker
from agents.training.synthesize import utterances
from agents.training.values import Values

SAID = (
    ("weather_query", "olly is it [weather_descriptor : hot] [date : today] in [place_name : oslo]"),
    ("weather_query", "is it [weather_descriptor : hot] in [place_name : cairo]"),
    ("calendar_set", "remind me to [event_name : feed the cat] in [time : two hours]"),
    (
        "calendar_set",
        "schedule a [event_name : meeting] with my [relation : boss] on [date : monday] at [time : six]",
    ),
    ("email_sendemail", "send an email to my [relation : aunt] saying the cake is great"),
    ("qa_factoid", "how tall is [person : abraham lincoln]"),
    ("alarm_set", "set an alarm for [time : five] o'clock [date : tomorrow] [timeofday : morning]"),
    ("alarm_set", "set an alarm for [time : nine] o'clock [date : today]"),
    ("alarm_query", "what alarms do i have on [date : sunday]"),
    ("weather_query", "how is the weather [date : today]"),
    ("calendar_query", "what does [date : sunday's] schedule look like"),
    ("qa_currency", "what is the exchange rate of [currency_name : krona] to [currency_name : pound]"),
    ("transport_query", "when is the next train from [place_name : york] to [place_name : hull]"),
)


def written(path: Path, said: tuple[tuple[str, str], ...], first: int = 1) -> Path:
    """A file of SLURP, its IDs from `first` on without those that are held out."""
    ids = (id for id in itertools.count(first) if id % families.HELD_OUT_SHARE)
    rows = [
        {"slurp_id": id, "intent": intent, "sentence_annotation": annotated, "recordings": []}
        for id, (intent, annotated) in zip(ids, said, strict=False)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    return slurp.read(written(tmp_path_factory.mktemp("slurp") / "devel.jsonl", SAID), held_out=False)


def spoken(phrase: Phrase, speaker: Speaker) -> tuple[str, dict[str, str]]:
    """What was said, and the arguments it comes to."""
    speaker.phrase(phrase)
    (wanted,) = speaker.states[-1]
    assert wanted.clear and wanted.live
    arguments = {
        name: " ".join(speaker.words[index] for index in value)
        for name, value in wanted.arguments.items()
        if isinstance(value, tuple)
    }
    return " ".join(speaker.words), arguments


@pytest.mark.parametrize(
    ("tool", "at", "said", "arguments"),
    [
        ("get_weather", 1, "is it hot in Cairo", {"place": "Cairo"}),
        (
            "create_reminder",
            0,
            "remind me to feed the cat in two hours",
            {"title": "feed the cat", "due": "in two hours"},
        ),
        (
            "create_calendar_event",
            0,
            "schedule a meeting with my boss on Monday at six",
            {"title": "meeting with my boss", "start": "Monday at six"},
        ),
        (
            "compose_new_email",
            0,
            "send an email to my aunt saying the cake is great",
            {"to": "aunt", "body": "the cake is great"},
        ),
        ("find_events", 0, "what does Sunday's schedule look like", {"day": "Sunday's"}),
        ("search", 0, "how tall is Abraham Lincoln", {"query": "how tall is Abraham Lincoln"}),
    ],
)
def test_commands_for_built_in_tools(
    commands: Commands, tool: str, at: int, said: str, arguments: dict[str, str]
) -> None:
    speaker = Speaker(Values(random.Random(2)), BUILT_IN, fillers=0)
    assert spoken(commands.phrases[tool][at], speaker) == (said, arguments)


@pytest.mark.parametrize(
    ("family", "said", "arguments"),
    [
        (
            "wake_alarm",
            "set an alarm for five o'clock tomorrow morning",
            {"time": "five o'clock tomorrow morning"},
        ),
        ("alarms_list", "what alarms do I have on Sunday", {"day": "Sunday"}),
    ],
)
def test_commands_for_declared_tools(
    commands: Commands, family: str, said: str, arguments: dict[str, str]
) -> None:
    known = next(each for each in commands.families if each.name == family)
    rng = random.Random(1)
    while len((tool := families.draw(known, rng)).names) < len(known.parameters):
        pass
    for _ in range(50):
        speaker = Speaker(Values(rng), {tool.name: tool.shape}, fillers=0)
        heard, given = spoken(tool.phrase(rng), speaker)
        if heard == said:
            assert given == {tool.names[name]: value for name, value in arguments.items()}
            return
    pytest.fail("it was never said")


def test_what_lacks_something_is_asked_back(commands: Commands) -> None:
    assert set(commands.lacking) == {"get_weather"}
    assert {question for _, question in commands.lacking["get_weather"]} == {"For which place?", "Where?"}
    assert commands.question({"get_weather"}, random.Random(1)) is None
    asked = [
        each for each in itertools.islice(utterances(1, commands=commands), 200) if "Where?" in each.reply
    ]
    assert asked and not any(wanted for each in asked for wanted in each.states)


def test_a_tool_is_clear_with_the_words_that_name_it(commands: Commands) -> None:
    speaker = Speaker(Values(random.Random(2)), BUILT_IN, fillers=0)
    speaker.phrase(commands.phrases["get_weather"][1])
    clear = [bool(state and state[0].clear) for state in speaker.states]
    assert clear == [False, False, False, True, True, True]  # "is it hot in Cairo"


def test_what_is_annotated_in_another_way_is_left_out(tmp_path: Path, commands: Commands) -> None:
    strange = (
        ("weather_query", "is it hot in [place_name : oslo] or in [place_name : rome]"),
        ("weather_query", "is it hot in [business_name : harrods] near [place_name : london]"),
        ("weather_query", "is it 30 degrees hot in [place_name : paris]"),
        ("alarm_set", "set an alarm for [event_name : lunch] at [time : noon]"),
    )
    more = slurp.read(written(tmp_path / "more.jsonl", (*SAID, *strange)), held_out=False)
    assert (more.phrases, more.size) == (commands.phrases, commands.size)


def test_the_sets_share_no_commands(tmp_path: Path) -> None:
    file = written(tmp_path / "devel.jsonl", SAID)
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    doubled = [*rows, *({**row, "slurp_id": 8 * row["slurp_id"]} for row in rows[1:])]
    file.write_text("\n".join(map(json.dumps, doubled)))
    training, other = slurp.read(file, held_out=False), slurp.read(file, held_out=True)
    assert len(training.phrases["get_weather"]) == 2 and len(other.phrases["get_weather"]) == 1


def test_a_file_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    for text in ("no json", '{"id": 3}', '["a"]', '{"slurp_id": 1, "intent": "alarm_set"}', ""):
        file.write_text(text)
        with pytest.raises(ValueError, match="SLURP") as refused:
            slurp.read(file, held_out=False)
        assert "\n" not in str(refused.value)
    with pytest.raises(OSError, match="nowhere"):
        slurp.read(tmp_path / "nowhere", held_out=False)


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_their_streams_replay_to_the_calls_that_stand_in_words_that_were_said(
    commands: Commands, seed: int
) -> None:
    for stream in itertools.islice(streams(seed, commands=commands), 12):
        standing: dict[int, Call] = {}
        for segment in stream.segments:
            for action in segment.actions or ():
                if isinstance(action, Call):
                    standing[action.id] = action
                elif isinstance(action, Remove):
                    del standing[action.id]
        assert tuple(standing[id] for id in sorted(standing)) == stream.calls
        said = set(stream.transcript.lower().replace("'s", "").split())
        for call in stream.calls:
            reading = stream.shapes[call.name].reading
            words = [str(value).lower() for name, value in call.arguments.items() if name not in reading]
            assert all(set(text.replace("'s", "").split()) <= said for text in words if text[0] != "$")


def test_no_rival_is_declared_with_them(commands: Commands) -> None:
    mine = {each.name for each in commands.families}
    for seed in range(200):
        rng = random.Random(seed)
        tools = commands.declared(families.drawn(rng, held_out=False), rng)
        assert mine & {tool.family.name for tool in tools.values()}
        assert not commands.rivals_of(tools.values()) & {tool.family.name for tool in tools.values()}


def test_most_is_asked_for_in_their_words(commands: Commands) -> None:
    mine = {name for each in commands.families for name in each.names} | commands.phrases.keys()
    made = [each for each in itertools.islice(utterances(4, commands=commands), 300) if each.asked]
    assert sum(each.states[-1][0].tool in mine for each in made) > 0.7 * len(made)
