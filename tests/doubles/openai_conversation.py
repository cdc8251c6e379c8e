"""The conversation of a Realtime session of the double: items, and the rules for making and changing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.doubles.openai_wire import Refused

Emit = Callable[..., None]


class Conversation:
    """`emit` sends a server event."""

    def __init__(self, emit: Emit) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.sounds: dict[str, int] = {}  # ms of sound sent, by item
        self._emit = emit
        self._count = 0

    def new_id(self, kind: str) -> str:
        """An ID that nothing else has."""
        self._count += 1
        return f"{kind}_{self._count:06}"

    @property
    def last(self) -> str | None:
        """The ID of the latest item."""
        return next(reversed(self.items), None)

    def create(self, item: Mapping[str, Any], before: str | None) -> None:
        """Make an item for the client. Raises Refused."""
        id = item.get("id") or self.new_id("item")
        if id in self.items:
            raise Refused(f"an item with ID {id} exists", "item_create_duplicate_item_id", "item.id")
        if before not in (None, "root"):
            self.item(before, "item_create_invalid_previous_item_id")
        if item["type"] == "function_call_output":
            known = [one.get("call_id") for one in self.items.values() if one["type"] == "function_call"]
            if item["call_id"] not in known:
                raise Refused(
                    f"Tool call ID '{item['call_id']}' not found in conversation.",
                    "invalid_tool_call_id",
                    "item.call_id",
                )
        self.add({**item, "id": id}, before)

    def add(self, item: dict[str, Any], before: str | None = None) -> None:
        """Put an item after the latest, or after `before`."""
        item = {"object": "realtime.item", "status": "completed", **item}
        previous = self.last if before is None else before
        if before is None:
            self.items[item["id"]] = item
        else:
            at = 0 if before == "root" else list(self.items).index(before) + 1
            entries = list(self.items.items())
            self.items = dict([*entries[:at], (item["id"], item), *entries[at:]])
        previous = None if previous == "root" else previous
        self._emit("conversation.item.added", item=item, previous_item_id=previous)
        self._emit("conversation.item.done", item=item, previous_item_id=previous)

    def item(self, id: str, code: str) -> dict[str, Any]:
        """The item with this ID. Raises Refused with `code`."""
        if id not in self.items:
            raise Refused(f"there is no item with ID {id}", code, "item_id")
        return self.items[id]

    def truncate(self, event: Mapping[str, Any]) -> None:
        """Forget what the user has not heard. Raises Refused."""
        item = self.item(event["item_id"], "item_truncate_invalid_item_id")
        sent = self.sounds.get(event["item_id"])
        if item.get("role") != "assistant" or sent is None or event["content_index"] != 0:
            raise Refused("only the sound of the assistant can be truncated", "invalid_value")
        if event["audio_end_ms"] > sent or event["audio_end_ms"] < 0:
            raise Refused(f"Audio content of {sent}ms is already shorter than {event['audio_end_ms']}ms")
        self.sounds[event["item_id"]] = event["audio_end_ms"]
        self._emit(
            "conversation.item.truncated",
            item_id=event["item_id"],
            content_index=0,
            audio_end_ms=event["audio_end_ms"],
        )

    def delete(self, id: str) -> None:
        """Take an item out. Raises Refused."""
        self.item(id, "item_delete_invalid_item_id")
        del self.items[id]
        self._emit("conversation.item.deleted", item_id=id)
