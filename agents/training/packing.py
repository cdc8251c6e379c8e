"""Turns packed into rows of one length, so that no step is spent on padding and every step has one shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from agents.training.shards import Sample

_EMPTY = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of packed turns, each of which sees itself alone.

    `ids`, `positions` and `turn` (rows, length) int64: tokens, their places in their turns, and whose they
    are; `written` (rows, length) bool: the tokens the loss is taken on. `turns` and `tokens` count what is in
    it, without padding.
    """

    ids: torch.Tensor
    written: torch.Tensor
    positions: torch.Tensor
    turn: torch.Tensor
    turns: int
    tokens: int

    def to(self, device: str) -> Batch:
        """The same on another device."""
        return Batch(
            self.ids.to(device),
            self.written.to(device),
            self.positions.to(device),
            self.turn.to(device),
            self.turns,
            self.tokens,
        )

    def mask(self, dtype: torch.dtype) -> torch.Tensor:
        """Which token may look at which, added to attention scores: (rows, 1, length, length) of `dtype`."""
        same = self.turn[:, :, None] == self.turn[:, None, :]
        length = self.ids.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=self.ids.device).tril()
        apart = torch.zeros(same.shape, dtype=dtype, device=self.ids.device)
        return apart.masked_fill_(~(same & causal), torch.finfo(dtype).min)[:, None]


def packed(source: Iterator[Sample], rows: int, length: int) -> Iterator[Batch]:
    """Batches of `rows` rows of `length` tokens, filled in the order of `source`.

    A turn goes into the emptiest row; the one that fits nowhere opens the next batch. One that is longer
    than a row is left out.
    """
    batch = _Rows(rows, length)
    left: list[Sample] = []  # what found no place in this batch opens the next
    for tokens, written in source:
        if len(tokens) > length or batch.take(tokens, written):
            continue
        left.append((tokens, written))
        if len(left) == 2 * rows:
            yield batch.closed()
            batch = _Rows(rows, length)
            for each in left:
                batch.take(*each)
            left = []
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
        self._ids[row, start:end] = torch.as_tensor(tokens)
        self._written[row, start:end] = torch.as_tensor(written)
        self._written[row, start] = False  # nothing stands before a turn's first token
        self._positions[row, start:end] = torch.arange(len(tokens))
        self._turn[row, start:end] = self.turns
        self._filled[row] = end
        self.turns += 1
        return True

    def closed(self) -> Batch:
        return Batch(self._ids, self._written, self._positions, self._turn, self.turns, sum(self._filled))


def loss_of(body: Any, head: Any, batch: Batch) -> torch.Tensor:
    """Mean cross entropy over what the model writes; the head is computed there alone."""
    mask = batch.mask(torch.bfloat16)
    hidden = body(
        input_ids=batch.ids, attention_mask=mask, position_ids=batch.positions, use_cache=False
    ).last_hidden_state[:, :-1]
    chosen = batch.written[:, 1:]
    return torch.nn.functional.cross_entropy(head(hidden[chosen]).float(), batch.ids[:, 1:][chosen])
