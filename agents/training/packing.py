"""Turns packed into rows of one length, so that no step is spent on padding and every step has one shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

Sample = tuple[list[int], list[bool]]  # the tokens of a turn, and which of them the model writes
_EMPTY = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of packed turns, each of which sees itself alone.

    `ids` and `positions` (rows, length) int64; `written` (rows, length) bool: the tokens the loss is taken
    on; `mask` (rows, 1, length, length) bool: which token may look at which. `turns` and `tokens` count
    what is in it, without padding.
    """

    ids: torch.Tensor
    written: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    turns: int
    tokens: int

    def to(self, device: str) -> Batch:
        """The same on another device."""
        return Batch(
            self.ids.to(device),
            self.written.to(device),
            self.positions.to(device),
            self.mask.to(device),
            self.turns,
            self.tokens,
        )


def packed(source: Iterator[Sample], rows: int, length: int) -> Iterator[Batch]:
    """Batches of `rows` rows of `length` tokens, filled in the order of `source`.

    A turn goes into the emptiest row; the one that fits nowhere opens the next batch. One that is longer
    than a row is left out.
    """
    batch = _Rows(rows, length)
    for tokens, written in source:
        if len(tokens) > length:
            continue
        if not batch.take(tokens, written):
            yield batch.closed()
            batch = _Rows(rows, length)
            batch.take(tokens, written)
    if batch.turns:
        yield batch.closed()


class _Rows:
    def __init__(self, rows: int, length: int) -> None:
        self._length = length
        self._filled = [0] * rows
        self._ids = torch.zeros(rows, length, dtype=torch.long)
        self._written = torch.zeros(rows, length, dtype=torch.bool)
        self._positions = torch.zeros(rows, length, dtype=torch.long)
        self._turn = torch.full((rows, length), _EMPTY)
        self.turns = 0

    def take(self, tokens: list[int], written: list[bool]) -> bool:
        row = min(range(len(self._filled)), key=self._filled.__getitem__)
        start = self._filled[row]
        end = start + len(tokens)
        if end > self._length:
            return False
        self._ids[row, start:end] = torch.tensor(tokens)
        self._written[row, start:end] = torch.tensor(written)
        self._written[row, start] = False  # nothing stands before a turn's first token
        self._positions[row, start:end] = torch.arange(len(tokens))
        self._turn[row, start:end] = self.turns
        self._filled[row] = end
        self.turns += 1
        return True

    def closed(self) -> Batch:
        same = self._turn[:, :, None] == self._turn[:, None, :]
        causal = torch.ones(self._length, self._length, dtype=torch.bool).tril()
        mask = (same & causal)[:, None]
        return Batch(self._ids, self._written, self._positions, mask, self.turns, sum(self._filled))


def loss_of(body: Any, head: Any, batch: Batch) -> torch.Tensor:
    """Mean cross entropy over what the model writes; the head is computed there alone."""
    hidden = body(
        input_ids=batch.ids, attention_mask=batch.mask, position_ids=batch.positions, use_cache=False
    ).last_hidden_state[:, :-1]
    chosen = batch.written[:, 1:]
    return torch.nn.functional.cross_entropy(head(hidden[chosen]).float(), batch.ids[:, 1:][chosen])
