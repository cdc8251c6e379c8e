"""Training data: what streams promise, whatever the seed."""

import itertools
import random
import string
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import protocol, wire
from agents.actions import Answer, Call, Pause, Remove
from agents.brains.narrowing import FEW, spoken_of
from agents.protocol import ActionParser
from agents.training import clock, evaluate, families, lexicon, pace, phrasing, plans, policy, synthesize
from agents.training.clock import Stream, streams
from agents.training.pace import Pace
from agents.training.values import Values
from agents.words import spoken_words
from tests.data.fresh_tools import fresh_tools
from tests.data.unseen_tools import unseen_tools
from tools.assistant import assistant_tools

SEEDS = st.integers(0, 10**6)
REQUESTS = Path(__file__).parents[1] / "data" / "requests.jsonl"


def some(seed: int, count: int = 12, held_out: bool = False) -> list[Stream]:
    return list(itertools.islice(streams(seed, held_out), count))


@given(SEEDS, st.booleans())
@settings(max_examples=10, deadline=None)
def test_every_model_turn_parses_to_its_actions(seed: int, held_out: bool) -> None:
    for stream in some(seed, held_out=held_out):
        for segment in stream.segments:
            if segment.actions is None:
                continue
            parser = ActionParser()
            text = wire.decode(wire.encode(segment.text))
            actions = [action for character in text for action in parser.feed(character)] + parser.close()
            assert tuple(actions) == segment.actions


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_replaying_the_actions_gives_the_calls_that_stand(seed: int) -> None:
    for stream in some(seed):
        standing: dict[int, Call] = {}
        highest = 0
        for segment in stream.segments:
            for action in segment.actions or ():
                match action:
                    case Call(id):
                        assert id <= highest + 1, "IDs count up from 1"
                        highest = max(highest, id)
                        standing[id] = action
                    case Remove(id):
                        del standing[id]
                    case _:
                        pass
        assert tuple(standing[id] for id in sorted(standing)) == stream.calls


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_values_are_words_that_were_said_by_then(seed: int) -> None:
    for stream in some(seed):
        said: set[str] = set()
        ids: set[int] = set()
        for segment in stream.segments:
            for tag in (protocol.PARTIAL, protocol.FINAL):
                said.update(segment.text.removeprefix(tag).split())
            calls = [action for action in segment.actions or () if isinstance(action, Call)]
            ids.update(call.id for call in calls)
            for call in calls:
                shape = stream.shapes[call.name]
                for parameter, value in call.arguments.items():
                    if parameter in shape.reading:
                        # Read from words; from which, the test of the grammar asks.
                        schema = shape.parameters["properties"][parameter]
                        assert value in schema.get("enum", [value]) and isinstance(value, int | str)
                        continue
                    assert isinstance(value, str) and value
                    if value[0] == "$":
                        assert int(value[1:]) in ids - {call.id}
                    else:
                        forms = said | {word[:-2] for word in said if word.lower().endswith("'s")}
                        assert set(value.split()) <= forms


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_many_declared_tools_are_often_narrowed_as_for_a_small_brain(seed: int) -> None:
    for utterance in itertools.islice(synthesize.utterances(seed), 40):
        told = {n: shape.declaration for n, shape in utterance.shapes.items() if shape.declaration}
        made = [clock.stream(utterance, random.Random(again)) for again in range(12)]
        sizes = {sum(bool(shape.declaration) for shape in each.shapes.values()) for each in made}
        if len(told) <= FEW:
            assert sizes == {len(told)}
        else:
            assert max(sizes) == len(told), "a larger brain is told of all"
            assert all(call.name in each.shapes for each in made for call in each.calls)
            unsaid = told.keys() - spoken_of(told, utterance.words)
            assert len(unsaid) < 3 or min(sizes) < len(told)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_a_reaction_ends_in_one_pause_or_answer_and_the_turn_in_an_answer(seed: int) -> None:
    for stream in some(seed):
        for segment in stream.segments:
            assert not any(isinstance(a, Pause | Answer) for a in (segment.actions or ())[:-1])
        last = stream.segments[-1].actions
        assert last and isinstance(last[-1], Answer)
        told = [int(word[1:]) for word in last[-1].text.split() if word[0] == "$"]
        assert set(told) <= {call.id for call in stream.calls}
        assert bool(told) == bool(stream.calls)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_loss_spans_are_exactly_what_the_model_wrote(seed: int) -> None:
    for stream in some(seed):
        spans = list(stream.spans())
        assert "".join(text for text, _ in spans) == wire.encode(stream.text)
        written = "".join(wire.decode(text) for text, by_model in spans if by_model)
        actions = [action for segment in stream.segments for action in segment.actions or ()]
        assert written == "".join(map(protocol.write, actions))


def live(said_by: float, brain: float, patience: float, delay: float) -> list[Stream]:
    at = Pace(words=said_by, hop=0.3, tokens=brain, patience=patience, delay=(delay, delay))
    made = itertools.islice(synthesize.utterances(5), 60)
    return [clock.stream(each, random.Random(1), at) for each in made]


def shares(made: list[Stream], text: str) -> float:
    return sum(text in each.text for each in made) / len(made)


def test_a_slow_brain_is_given_more_words_at_a_time() -> None:
    def updates(made: list[Stream]) -> int:
        return sum(each.text.count(protocol.PARTIAL) for each in made)

    assert updates(live(3.3, 5.0, 1.0, 0.5)) < 0.7 * updates(live(3.3, 500.0, 1.0, 0.5))


def test_results_come_while_the_user_speaks_only_where_tools_are_fast_enough() -> None:
    fast, slow = live(3.3, 60.0, 1.0, 0.01), live(3.3, 60.0, 1.0, 60.0)
    assert shares(fast, protocol.TOOL_RESULT) > 0.1
    assert shares(slow, protocol.TOOL_RESULT) == 0.0


def test_only_a_brain_without_patience_reacts_to_results_alone() -> None:
    def reactions(made: list[Stream]) -> int:
        return sum(
            before.actions is not None
            and before.actions[-1] == Pause()
            and news.text.startswith(protocol.TOOL_RESULT)
            and after.actions == (Pause(),)
            for each in made
            for before, news, after in zip(each.segments, each.segments[1:], each.segments[2:], strict=False)
        )

    patient, hasty = live(2.0, 100.0, 1.0, 0.1), live(2.0, 100.0, 0.0, 0.1)
    assert reactions(hasty) > 0 == reactions(patient)
    assert [each.calls for each in hasty] == [each.calls for each in patient]


def test_a_turn_heard_at_once_is_one_final_update() -> None:
    made = clock.stream(next(synthesize.utterances(3)), random.Random(1), Pace(at_once=True))
    assert made.text.startswith(protocol.FINAL) and protocol.PARTIAL not in made.text


@given(st.integers(1, 40), SEEDS)
def test_words_are_heard_in_order_and_the_last_hearing_is_final(count: int, seed: int) -> None:
    rng = random.Random(seed)
    at = pace.drawn(rng)
    said = pace.said_at(count, at, rng)
    heard = list(pace.hearings(said, at, rng))
    assert said == sorted(said)
    assert [hearing.count for hearing in heard] == sorted({hearing.count for hearing in heard[:-1]}) + [count]
    assert [hearing.final for hearing in heard] == [False] * (len(heard) - 1) + [True]
    assert all(said[hearing.count - 1] <= hearing.at for hearing in heard)


def test_the_same_seed_gives_the_same_streams() -> None:
    assert some(7) == some(7)
    assert some(7) != some(8)


def test_the_sets_share_no_names() -> None:
    def names(held_out: bool) -> set[str]:
        values = Values(random.Random(1), held_out)
        return {values.open(lexicon.LISTS["first"]) for _ in range(2000)}

    assert names(True) and not names(True) & names(False)


def test_templates_fit_the_tools() -> None:
    tools = {tool.name: tool for tool in assistant_tools()}
    assert set(phrasing.SINGLE) | {"summarize_pdf"} == set(tools)
    for name, tool in tools.items():
        assert phrasing.ORDER[name] == tuple(tool.parameters["properties"])
        assert set(phrasing.REQUIRED[name]) == tool.required
    for phrase in [*itertools.chain(*phrasing.SINGLE.values()), *itertools.chain(*phrasing.CHAINED)]:
        for slot in phrasing.SLOT.finditer(phrase.template):
            assert slot.group(2) in phrasing.ORDER[phrase.tools[int(slot.group(1) or 0)]]


def test_each_tool_is_asked_for_and_taken_back_in_many_ways() -> None:
    for tool, order in phrasing.ORDER.items():
        assert len({phrase.template for phrase in phrasing.SINGLE[tool]}) >= 45
        for ways in phrasing.TAKEN_BACK[tool].values():
            named = {name for way in ways for _, name, _, _ in string.Formatter().parse(way) if name}
            assert named <= {*order, "opposite"}


def test_a_number_can_be_corrected_without_its_unit() -> None:
    utterance = synthesize.utterances(9)
    for made in itertools.islice(utterance, 20000):
        for wanted in made.states[-1]:
            value = wanted.arguments.get("duration", ())
            if isinstance(value, tuple) and list(value) != sorted(value):
                said, unit = made.value(value, made.words).split()[:-1], made.words[value[-1]]
                assert said and unit.rstrip("s") in ("minute", "second", "hour")
                return
    raise AssertionError("nobody said: twenty minutes, sorry, thirty")


def test_families_name_their_twins_and_the_built_in_tools_they_resemble() -> None:
    every = {each.name for each in families.FAMILIES}
    assert len(every) == len(families.FAMILIES)
    for each in families.FAMILIES:
        assert set(each.twins) <= every - {each.name} and set(each.beside) <= phrasing.BUILT_IN.keys()
    drawn = [families.drawn(random.Random(seed), held_out=False) for seed in range(200)]
    together = [{tool.family.name for tool in tools.values()} for tools in drawn]
    assert any({"fridge_list", "fridge_remove"} <= names for names in together)
    # Which of two alike is meant is learned where both are declared.
    twins = {each.name: set(each.twins) for each in families.FAMILIES}
    assert sum(any(twins[name] & names for name in names) for names in together) > len(together) / 2


def test_a_boolean_parameter_of_a_family_is_read_from_its_words() -> None:
    leave = next(each for each in families.FAMILIES if each.name == "game_leave")
    save = next(each for each in leave.parameters if each.name == "save")
    assert save.schema == {"type": "boolean"} and save.read is not None
    assert [save.read(words) for words in ("and save", "without saving", "tomorrow")] == [True, False, None]


def test_no_family_is_a_tool_of_the_held_out_tasks() -> None:
    def bare(name: str) -> str:
        return "".join(filter(str.isalnum, name)).casefold()

    held_out = {bare(tool.name) for tool in [*unseen_tools(), *fresh_tools()]}
    declared = {each.name: each.names for each in families.FAMILIES}
    for head, lines in lexicon.sections("slurp/declared.txt").items():
        declared[head] = next(tuple(line[6:].split(";")) for line in lines if line.startswith("names:"))
    for family, names in declared.items():
        assert not held_out & {bare(name) for name in names}, family


def test_one_of_two_requests_can_be_taken_back() -> None:
    made = [each for each in itertools.islice(synthesize.utterances(2), 1500) if each.kind == "late-cancel"]
    left = [[wanted.live for wanted in each.states[-1]] for each in made]
    assert any(live[0] and not live[-1] for live in left) and any(live[-1] and not live[0] for live in left)


def test_the_demonstration_is_not_in_the_data() -> None:
    demo = next(task for task in evaluate.tasks(REQUESTS) if task.id == "demo")
    words = " ".join(spoken_words(demo.said)).casefold()
    for made in itertools.islice(synthesize.utterances(1), 3000):
        said = " ".join(made.words).casefold()
        assert "lunch with ana" not in said
        assert said != words


def test_mid_speech_values_end_in_words_that_can_end_them() -> None:
    for stream in some(3, 300):
        final = False
        for segment in stream.segments:
            final = final or segment.text.startswith(protocol.FINAL)
            for action in () if final else segment.actions or ():
                if isinstance(action, Call) and action.name != "set_light":
                    for value in action.arguments.values():
                        assert str(value).split()[-1].lower() not in policy.STUBS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the Nine minute", "9 minute"),
        ("twenty five", "25"),
        ("Lunch with Ana", "lunch with ana"),
        ("9-minute", "nine minute"),
    ],
)
def test_arguments_that_mean_the_same_are_equal(one: str, other: str) -> None:
    assert plans.normalised(one) == plans.normalised(other)


def test_plans_are_compared_by_names_and_dependencies() -> None:
    number = Call(1, "get_phone_number", {"name": "Ben"})
    text = Call(2, "send_sms", {"to": "Ana", "message": "$1"})
    swapped = [
        Call(2, "get_phone_number", {"name": "ben"}),
        Call(1, "send_sms", {"to": "Ana", "message": "$2"}),
    ]
    assert plans.whole([number, text]) == plans.whole(swapped)
    apart = [number, Call(2, "send_sms", {"to": "Ana", "message": "hello"})]
    assert plans.shape([number, text]) != plans.shape(apart)


# What torch compiles with warns of itself in many ways.
@pytest.mark.filterwarnings("ignore")
def test_a_few_steps_of_training_run_and_can_be_resumed(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs the extra `train`")
    pytest.importorskip("peft", reason="training needs the extra `train`")
    from agents.training import sft
    from agents.training.bases import Base

    for steps in (1, 2):
        sft.train(sft.Run(Base.of(), tmp_path, minutes=5, rank=4, rows=1, steps=steps))
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 2
    assert (tmp_path / "adapter.gguf").stat().st_size > 1_000_000


def test_only_what_does_not_fit_is_computed_twice() -> None:
    pytest.importorskip("torch", reason="training needs the extra `train`")
    pytest.importorskip("peft", reason="training needs the extra `train`")
    from agents.training.sft import asks_for_checkpoints

    small, large = (SimpleNamespace(hidden_size=h, num_hidden_layers=n) for h, n in ((576, 30), (2048, 36)))
    assert not asks_for_checkpoints(small, tokens=48 * 1024, free=78 << 30)
    assert asks_for_checkpoints(large, tokens=48 * 1024, free=78 << 30)
    assert asks_for_checkpoints(small, tokens=48 * 1024, free=24 << 30)


def test_turns_that_share_their_declarations_learn_as_if_each_stood_alone() -> None:
    torch = pytest.importorskip("torch", reason="training needs the extra `train`")
    transformers = pytest.importorskip("transformers", reason="training needs the extra `train`")
    from agents.training.packing import Batch, loss_of, packed
    from agents.training.shards import Sample

    torch.manual_seed(1)
    # With weights this large, what a token may look at decides what comes next.
    config = transformers.LlamaConfig(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        initializer_range=0.5,
    )
    model = transformers.LlamaForCausalLM(config).to(torch.bfloat16).eval()
    rng = random.Random(1)

    def turn(opening: list[int]) -> Sample:
        news, said = (rng.choices(range(50), k=7) for _ in range(2))
        return Sample([*opening, *news, *said], [False] * (len(opening) + 7) + [True] * 7, len(opening))

    opening = rng.choices(range(50), k=30)
    turns = [turn(opening), turn(opening), turn([]), turn(opening)]

    def losses(batches: list[Batch]) -> float:
        with torch.no_grad():
            return sum(loss_of(model.model, model.lm_head, batch).item() for batch in batches) / len(batches)

    together = list(packed(iter(turns), rows=1, length=128))
    alone = [batch for each in turns for batch in packed(iter([each._replace(head=0)]), rows=1, length=128)]
    assert (len(together), together[0].turns, together[0].tokens) == (1, 4, 30 + 4 * 14)
    assert losses(together) == pytest.approx(losses(alone), abs=0.02)
