"""Full text search over passages, ranked by BM25."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.settings import SettingsError


class Passages:
    """An index in memory."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Raises SettingsError where the search library is not installed."""
        try:
            import bm25s
        except ImportError as error:
            raise SettingsError(
                "searching passages needs bm25s; install Headstart with the extra `bench`"
            ) from error
        self._texts = texts
        self._words: Any = bm25s.tokenize
        self._index: Any = bm25s.BM25()
        self._index.index(self._words(list(texts), show_progress=False), show_progress=False)

    @classmethod
    def read(cls, path: Path) -> Passages:
        """One JSON object a line, with `title` and `text`. Raises OSError, ValueError or KeyError."""
        return cls([f"{row['title']}: {row['text']}" for row in rows(path)])

    def best(self, query: str) -> str:
        """The passage that fits `query` best."""
        words = self._words(query, show_progress=False, allow_empty=True)
        places, _ = self._index.retrieve(words, k=1, show_progress=False, n_threads=0)
        return self._texts[int(places[0][0])]


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a file with one a line. Raises OSError or ValueError."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
