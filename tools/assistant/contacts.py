"""Contacts: who is meant, and how to reach them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from tools.assistant.names import plain
from tools.assistant.people import Likeness, folded, full_likeness
from tools.registry import tool
from tools.saying import listing
from tools.store import Store
from tools.tool import Effect, ToolContext, ToolError, ToolResult

_RELATIONS = {  # the word kept, and what people say for it
    "mum": "mother mom mummy mommy mama",
    "dad": "father daddy papa",
    "grandma": "grandmother granny gran nan nana",
    "grandpa": "grandfather grandad granddad gramps",
    "boss": "manager supervisor",
    "colleague": "coworker workmate",
    "flatmate": "roommate housemate",
    "neighbour": "neighbor",
    "brother": "bro",
    "sister": "sis",
    "wife": "missus",
    "husband": "hubby",
}
_KEPT = {said: kept for kept, others in _RELATIONS.items() for said in others.split()}
_TITLES = r"^(?:mr|mister|mrs|ms|miss|dr|doctor)\.? (?=\w)"
_WHAT_FOR = r" (?:(?:mobile|cell|work|home) )?(?:(?:phone )?number|phone|mobile|cell|e-?mail(?: address)?)$"
_OFFERED = 3  # names in a "did you mean"


@dataclass(frozen=True, slots=True)
class Contact:
    """One person; what is not known of them is empty."""

    name: str
    nickname: str
    phone: str
    email: str
    relation: str

    @property
    def first_name(self) -> str:
        """The first word of the name."""
        return self.name.split()[0]

    def likeness(self, words: list[str]) -> tuple[Likeness, int]:
        """How surely `words`, folded, name this person; and, among the sure, what of them they name."""
        name = _words(self.name)
        relation = _words(_KEPT.get(self.relation, self.relation))
        if words == name:
            return Likeness.SAME, 3
        if words == relation or words == _words(self.nickname):
            return Likeness.SAME, 2
        if len(words) == 1:
            first, nickname = full_likeness(words, name[:1]), full_likeness(words, _words(self.nickname))
            return max((first, 2), (nickname, 2), (full_likeness(words, name[-1:]), 1))
        return full_likeness(words, [*name, *(relation if words[0] in relation else [])]), 2


def all_contacts(store: Store) -> list[Contact]:
    """Everybody, by name."""
    return [
        Contact(*(row[column] or "" for column in ("name", "nickname", "phone", "email", "relation")))
        for row in store.rows("SELECT * FROM contacts ORDER BY name")
    ]


def find_contact(store: Store, said: str) -> Contact:
    """The person meant by a name.

    Raises ToolError where nobody fits, where several do ("Which Ana: Ana Lopez or Ana Reis?"), and where
    somebody only nearly does ("did you mean ...?"): a wrong person is worse than a question.
    """
    people = all_contacts(store)
    text = re.sub(_TITLES, "", re.sub(_WHAT_FOR, "", plain(said)))
    words = [_KEPT.get(word, word) for word in _words(text)]
    best, fits = _closest(words, people)
    kin = set(_RELATIONS) | {person.relation for person in people}
    if best <= Likeness.NEAR and len(words) > 1 and words[0] in kin:
        best, fits = _closest(words[1:], people)  # "my friend Clara", who is kept as a neighbour
    if not fits:
        raise ToolError(f'I found no contact called "{said.strip()}".')
    names = [person.name for person in fits]
    if best is Likeness.NEAR:
        offered = listing(names[:_OFFERED], "or")
        raise ToolError(f'I found no contact called "{said.strip()}"; did you mean {offered}?')
    if len(fits) > 1:
        if len(set(names)) < len(names):
            names = [_told_apart(person) for person in fits]
        asked = re.sub(r"^(?:my|the|our) ", "", said.strip(), flags=re.IGNORECASE)
        raise ToolError(f"Which {asked}: {listing(names, 'or')}?")
    return fits[0]


def _closest(words: list[str], people: list[Contact]) -> tuple[Likeness, list[Contact]]:
    """Who is most surely meant, and how surely; nobody where nobody is like it."""
    found = [person.likeness(words) for person in people] if words else []
    best = max(found, default=(Likeness.NONE, 0))
    if best[0] is Likeness.NONE:
        return Likeness.NONE, []
    nearly = best[0] is Likeness.NEAR
    return best[0], [
        person
        for person, like in zip(people, found, strict=True)
        if like == best or (nearly and like[0] is Likeness.NEAR)
    ]


def _told_apart(person: Contact) -> str:
    """A person of whose name there are two."""
    more = person.relation and f"your {person.relation}" or person.phone or person.email
    return f"{person.name}, {more}" if more else person.name


def _words(name: str) -> list[str]:
    return folded(plain(name)).split()


def called(store: Store, contact: Contact) -> str:
    """How to speak of a contact: nickname, first name, or all of the name where others share the first."""
    if contact.nickname:
        return contact.nickname
    same = [other for other in all_contacts(store) if other.first_name == contact.first_name]
    return contact.first_name if len(same) == 1 else contact.name


def phone_of(store: Store, to: str) -> tuple[str, str]:
    """Who `to` (a name or a number) is, as spoken, and the number. Raises ToolError."""
    if re.fullmatch(r"\+?[\d ()./-]{3,}", to):
        known = [person for person in all_contacts(store) if _dialled(person.phone) == _dialled(to)]
        return (called(store, known[0]) if known else to), to
    contact = find_contact(store, to)
    if not contact.phone:
        raise ToolError(f"I have no phone number for {called(store, contact)}.")
    return called(store, contact), contact.phone


def email_of(store: Store, to: str) -> tuple[str, str]:
    """Who `to` (a name or an address) is, as spoken, and the address. Raises ToolError."""
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", to):
        known = [person for person in all_contacts(store) if person.email.casefold() == to.casefold()]
        return (called(store, known[0]) if known else to), to
    contact = find_contact(store, to)
    if not contact.email:
        raise ToolError(f"I have no email address for {called(store, contact)}.")
    return called(store, contact), contact.email


def _dialled(number: str) -> str:
    return re.sub(r"[^\d+]", "", number)


Name = Annotated[str, "The person's name, nickname or relation, as the user said it."]


@tool(effect=Effect.READ)
async def get_phone_number(context: ToolContext, name: Name) -> ToolResult:
    """Look up a person's phone number."""
    who, number = phone_of(context.store, name)
    return ToolResult(f"{_possessive(who)} number is {number}.", number)


@tool(effect=Effect.READ)
async def get_email_address(context: ToolContext, name: Name) -> ToolResult:
    """Look up a person's email address."""
    who, address = email_of(context.store, name)
    return ToolResult(f"{_possessive(who)} email address is {address}.", address)


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"
