"""Whom a spoken name means: who must be found, who must only be asked about, who must not be taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.assistant.contacts import find_contact
from tools.assistant.names import several
from tools.assistant.people import Likeness, likeness
from tools.store import Store
from tools.tool import ToolContext, ToolError

SAME = (
    "ana anna, sara sarah, jon john, marc mark, brian bryan, stephen steven, philip phillip, lindsay lindsey,"
    "tracy tracey, claire clare, alan allen, nicolas nicholas, eric erik, erica erika, karl carl, kris chris,"
    "rachel rachael, teresa theresa, vivian vivien, hanna hannah, marko marco, lucy lucie, clara klara,"
    "whitfield witfield, novak novack, evans evens, carter karter, lopez lopes, okafor okafer, jose josé"
)
SHORT = (
    "bob robert, liz elizabeth, mike michael, kate katherine, katie catherine, tony anthony, bill william,"
    "sam samuel, sam samantha, chris christopher, pat patricia, jim james, dick richard, ted edward,"
    "maggie margaret, steve steven, becky rebecca, tom thomas, ben benjamin, nick nicholas, alex alexander,"
    "sandy alexandra, jon jonathan, sally sarah, peggy margaret, robbie robert, andy andrew, joe joseph"
)
ASK = (
    "kathryn catherine, geoff jeff, sean shaun, yusuf yousef, jack john, deborah debra, reed reid, paula pola"
)
DIFFERENT = (
    "dan dana, jon joan, john joan, mark mary, eric erica, mark marco, marc marco, anna hannah, ana hannah,"
    "sam pam, tom tim, tim jim, jane jean, jane joan, jan jane, jan jon, ben ken, ben jen, lucy lucas,"
    "maria marie, maria mary, paul paula, daniel danielle, gabriel gabrielle, carl carla, carol carl,"
    "claire clara, michael michelle, george georgia, julia julie, emma emily, ellen helen, lena lina,"
    "rose rosa, ross rose, don dan, rob bob, alice alison, alicia alice, peter petra, simon simone, leo lea,"
    "leo theo, mia maya, kate kay, ray roy, brian brianna, marcus marco, martin martha, martin marvin,"
    "laura lara, hans hannah, patrick patricia, andrew andrea, sarah zara, sara tara, ana ian, aaron erin,"
    "louis louise, fran frank, denis denise, robert roberta, christian christine, christina christine"
)


def pairs(text: str) -> list[tuple[str, str]]:
    return [(left, right) for left, right in (pair.split() for pair in text.split(","))]


def both_ways(said: str, name: str) -> set[Likeness]:
    from tools.assistant.people import folded

    return {likeness(folded(said), folded(name)), likeness(folded(name), folded(said))}


@pytest.mark.parametrize("pair", pairs(SAME))
def test_spellings_of_one_sound_are_one_name(pair: tuple[str, str]) -> None:
    assert min(both_ways(*pair)) >= Likeness.SLIP


@pytest.mark.parametrize("pair", pairs(SHORT))
def test_a_nickname_finds_its_name(pair: tuple[str, str]) -> None:
    assert both_ways(*pair) == {Likeness.SHORT}


@pytest.mark.parametrize("pair", pairs(ASK))
def test_what_is_near_is_worth_a_question(pair: tuple[str, str]) -> None:
    assert both_ways(*pair) == {Likeness.NEAR}


@pytest.mark.parametrize("pair", pairs(DIFFERENT))
def test_other_people_are_never_taken(pair: tuple[str, str]) -> None:
    assert max(both_ways(*pair)) <= Likeness.NEAR


@pytest.fixture
def store(context: ToolContext) -> Store:
    """The household and some more people."""
    more = ("Ana Reis", "Robert Hill", "Elizabeth Stone", "Michael Stone", "Catherine Bell", "John Smith")
    for name in more:
        context.store.write("INSERT INTO contacts (name) VALUES (?)", name)
    return context.store


FOUND = {
    "Bob": "Robert Hill",
    "liz": "Elizabeth Stone",
    "Mike": "Michael Stone",
    "Jon": "John Smith",
    "Sarah's number": "Sarah Whitfield",
    "Sara Witfield's email address": "Sarah Whitfield",
    "Ana Reis": "Ana Reis",
    "anna lopes": "Ana Lopez",
    "Bob Hill": "Robert Hill",
    "Sam Novack": "Sam Novak",
    "Lucy Chan": "Lucy Chen",
    "Dr. Chen": "Lucy Chen",
    "the dentist": "Lucy Chen",
    "my mom": "Helen Carter",
    "mum's mobile": "Helen Carter",
    "granny": "Rose Carter",
    "my boss": "Priya Raman",
    "my neighbor Sam": "Sam Novak",
    "my friend Clara": "Clara Evans",
    "Okafer": "Sam Okafor",
}


@pytest.mark.parametrize("said", FOUND)
def test_finds(store: Store, said: str) -> None:
    assert find_contact(store, said).name == FOUND[said]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Ana", "Which Ana: Ana Lopez or Ana Reis?"),
        ("Anna", "Which Anna: Ana Lopez or Ana Reis?"),
        ("my colleague", "Which colleague: Hannah Moss, Sam Okafor or Sarah Whitfield?"),
        ("Kathryn", 'I found no contact called "Kathryn"; did you mean Catherine Bell?'),
        ("Joan", 'I found no contact called "Joan"; did you mean John Smith?'),
        ("Paul Reed", 'I found no contact called "Paul Reed"; did you mean Paula Reed?'),
        ("my sister", 'I found no contact called "my sister".'),
        ("Jen Carter", 'I found no contact called "Jen Carter".'),
        ("Zoe", 'I found no contact called "Zoe".'),
        ("the", 'I found no contact called "the".'),
        ("", 'I found no contact called "".'),
    ],
)
def test_asks_or_says_so(store: Store, said: str, answer: str) -> None:
    with pytest.raises(ToolError) as caught:
        find_contact(store, said)
    assert str(caught.value) == answer


def test_tells_two_of_one_name_apart(store: Store) -> None:
    store.write("INSERT INTO contacts (name, relation) VALUES ('Ana Lopez', 'cousin')")
    with pytest.raises(
        ToolError, match=r"^Which Ana Lopez: Ana Lopez, your friend or Ana Lopez, your cousin\?$"
    ):
        find_contact(store, "Ana Lopez")


@given(st.text(max_size=30))
def test_any_text_finds_somebody_or_is_a_tool_error(said: str) -> None:
    with Store.memory() as store:
        store.write("INSERT INTO contacts (name) VALUES ('Ana Lopez')")
        try:
            find_contact(store, said)
        except ToolError:
            pass


def test_several_names() -> None:
    assert several("Ana, Ben and Mum") == ["Ana", "Ben", "Mum"]
    assert several("both Ana and Ben, and me") == ["Ana", "Ben"]
    assert several("Ana and ana") == ["ana"]
    assert several(" , ") == several(None) == []
