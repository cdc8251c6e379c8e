"""Contacts: who is meant, and how to reach them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from tools.assistant.names import pick, plain
from tools.registry import tool
from tools.store import Store
from tools.tool import Effect, ToolContext, ToolError, ToolResult

_PARENTS = {"mother": "mum", "mom": "mum", "mummy": "mum", "father": "dad", "daddy": "dad"}


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

    def classes(self) -> tuple[tuple[str, ...], ...]:
        """Names this person goes by, surest first."""
        relation = _PARENTS.get(self.relation, self.relation)
        return (
            (self.name,),
            tuple(filter(None, (self.first_name, self.nickname, relation))),
            (self.name.split()[-1],),
        )


def all_contacts(store: Store) -> list[Contact]:
    """Everybody, by name."""
    return [
        Contact(*(row[column] or "" for column in ("name", "nickname", "phone", "email", "relation")))
        for row in store.rows("SELECT * FROM contacts ORDER BY name")
    ]


def find_contact(store: Store, said: str) -> Contact:
    """The person meant by a name. Raises ToolError where none or several fit."""
    wanted = plain(said)
    return pick(_PARENTS.get(wanted, said), all_contacts(store), Contact.classes, "contact")


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
    if "@" in to:
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
