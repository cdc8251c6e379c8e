"""Mail: drafts in the outbox. Nothing is sent; received mail is what the store holds."""

from __future__ import annotations

import json
import sqlite3
from typing import Annotated

from tools.assistant.contacts import email_of
from tools.assistant.files import find_file
from tools.assistant.names import several
from tools.assistant.rows import undo_insert
from tools.registry import tool
from tools.saying import listing
from tools.store import Store
from tools.tool import Effect, Json, ToolContext, ToolError, ToolResult

To = Annotated[str, "Names or email addresses, separated by commas."]
Body = Annotated[str, "What it should say."]


def _save(
    context: ToolContext,
    kind: str,
    addresses: list[str],
    subject: str | None,
    body: str | None,
    attachments: list[str],
) -> int:
    return context.store.write(
        "INSERT INTO drafts (kind, recipients, subject, body, attachments, created)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        kind,
        json.dumps(addresses),
        subject,
        body,
        json.dumps(attachments) if attachments else None,
        context.now().isoformat(timespec="seconds"),
    )


async def _undo(context: ToolContext, undo: Json) -> ToolResult:
    row = undo_insert(context.store, "drafts", undo)
    people = [email_of(context.store, address)[0] for address in json.loads(row["recipients"])]
    return ToolResult(f"I deleted the draft to {listing(people)}.")


def _recipients(store: Store, to: str) -> tuple[list[str], list[str]]:
    """The recipients as spoken, and their addresses. Raises ToolError for one nobody knows."""
    found = [email_of(store, name) for name in several(to)]
    if not found:
        raise ToolError("Tell me who it should go to.")
    return [who for who, _ in found], [address for _, address in found]


def _latest_mail(store: Store, sender: str | None = None) -> sqlite3.Row | None:
    """The newest received mail, from the address `sender` if given."""
    where, values = ("WHERE lower(address) = lower(?)", (sender,)) if sender else ("", ())
    return store.row(f"SELECT * FROM mails {where} ORDER BY received DESC LIMIT 1", *values)


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def compose_new_email(
    context: ToolContext,
    to: To,
    subject: Annotated[str | None, "The subject line."] = None,
    body: Annotated[str | None, "What it should say."] = None,
    attachments: Annotated[str | None, "Names or paths of files, separated by commas."] = None,
) -> ToolResult:
    """Write an email and leave it as a draft."""
    people, addresses = _recipients(context.store, to)
    files = [find_file(context.store, name) for name in several(attachments)]
    draft = _save(context, "new", addresses, subject, body, [file.path for file in files])
    about = f" about {subject}" if subject else ""
    with_files = f", with {listing([file.name for file in files])} attached" if files else ""
    return ToolResult(f"Your email to {listing(people)}{about} is in the drafts{with_files}.", None, draft)


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def reply_to_email(
    context: ToolContext,
    body: Body,
    to: Annotated[str | None, "Whose email to answer; the newest one if left out."] = None,
) -> ToolResult:
    """Answer an email and leave the answer as a draft."""
    if to:
        people, addresses = _recipients(context.store, to)
        mail = _latest_mail(context.store, addresses[0])
    else:
        mail = _latest_mail(context.store)
        if mail is None:
            raise ToolError("There is no email to reply to.")
        people, addresses = _recipients(context.store, mail["address"])
    subject = _prefixed("Re: ", mail["subject"]) if mail else None
    draft = _save(context, "reply", addresses, subject, body, [])
    about = f" about {mail['subject']}" if mail else ""
    return ToolResult(f"Your reply to {listing(people)}{about} is in the drafts.", None, draft)


@tool(effect=Effect.WRITE, undo=_undo, local=True)
async def forward_email(
    context: ToolContext, to: To, body: Annotated[str | None, "What to say above it."] = None
) -> ToolResult:
    """Forward the newest email, as a draft."""
    mail = _latest_mail(context.store)
    if mail is None:
        raise ToolError("There is no email to forward.")
    people, addresses = _recipients(context.store, to)
    quoted = f"From: {mail['sender']} <{mail['address']}>\nSubject: {mail['subject']}\n\n{mail['body']}"
    text = f"{body}\n\n{quoted}" if body else quoted
    draft = _save(context, "forward", addresses, _prefixed("Fwd: ", mail["subject"]), text, [])
    return ToolResult(
        f"The email about {mail['subject']} is in the drafts, to go on to {listing(people)}.", None, draft
    )


def _prefixed(prefix: str, subject: str) -> str:
    return subject if subject.startswith(prefix) else prefix + subject
