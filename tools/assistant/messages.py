"""Text messages. They go to the outbox of the store, for a gateway to send."""

from __future__ import annotations

from typing import Annotated

from tools.assistant.contacts import phone_of
from tools.registry import tool
from tools.tool import Arguments, Effect, ToolContext, ToolResult


def _question(context: ToolContext, arguments: Arguments) -> str:
    who, _ = phone_of(context.store, str(arguments["to"]))
    return f"Text {who}: {str(arguments['message']).strip().rstrip('.?!')}?"


@tool(effect=Effect.CONFIRM, question=_question, local=True)
async def send_sms(
    context: ToolContext,
    to: Annotated[str, "A name or a phone number."],
    message: Annotated[str, "What to say, in the user's words."],
) -> ToolResult:
    """Send a text message."""
    who, number = phone_of(context.store, to)
    context.store.write(
        "INSERT INTO messages (recipient, number, body, created) VALUES (?, ?, ?, ?)",
        who,
        number,
        message,
        context.now().isoformat(timespec="seconds"),
    )
    return ToolResult(f"Your text to {who} is in the outbox.", message)
