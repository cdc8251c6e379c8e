"""Search: facts the store holds, else Wikipedia."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel

from tools.assistant.web import ask
from tools.registry import tool
from tools.store import Store
from tools.tool import Effect, Tool, ToolContext, ToolError, ToolResult

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport

_WIKIPEDIA = "https://en.wikipedia.org/w/api.php"
_SPOKEN_SENTENCES = 2
_EMPTY_WORDS = frozenset(
    "a an and are at by did do does for from had has have how in is it of on or tell that the their they "
    "this to us s was were what when where which who whose why will with me about".split()
)


class _Page(BaseModel):
    title: str
    extract: str = ""


class _Pages(BaseModel):
    pages: list[_Page] = []


class _Found(BaseModel):
    query: _Pages = _Pages()


def search_tool(transport: AsyncBaseTransport | None = None) -> Tool:
    """`search` over `transport`; None is the network."""

    @tool(effect=Effect.READ)
    async def search(
        context: ToolContext, query: Annotated[str, "What to look up: a few words or a question."]
    ) -> ToolResult:
        """Look something up."""
        text = _local(context.store, query)
        if text is None:
            text = await _wikipedia(transport, query)
        return ToolResult(text)

    return search


def _local(store: Store, query: str) -> str | None:
    """The best of the store's facts that have every word that matters; None where there is none."""
    words = [word for word in re.findall(r"\w+", query.casefold()) if word not in _EMPTY_WORDS]
    if not words:
        return None
    match = " AND ".join(f'"{word}"' for word in words)
    # A word in the title counts ten times one in the text.
    row = store.row(
        "SELECT text FROM facts WHERE facts MATCH ? ORDER BY bm25(facts, 10.0, 1.0) LIMIT 1", match
    )
    return None if row is None else row["text"]


async def _wikipedia(transport: AsyncBaseTransport | None, query: str) -> str:
    """The start of the article that fits best. Raises ToolError where there is none, or no network."""
    parameters: dict[str, str | int] = {
        "action": "query",
        "format": "json",
        "formatversion": 2,
        "generator": "search",
        "gsrsearch": query,
        "gsrlimit": 1,
        "prop": "extracts",
        "exintro": 1,
        "explaintext": 1,
        "exsentences": _SPOKEN_SENTENCES,
        "redirects": 1,
    }
    found = await ask(transport, _WIKIPEDIA, parameters, _Found, "search service")
    texts = [" ".join(page.extract.split()) for page in found.query.pages]
    if not any(texts):
        raise ToolError(f'I found nothing about "{query}".')
    return next(text for text in texts if text)
