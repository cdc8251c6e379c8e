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
    """Rows of packed turns, each of which sees itself and the declarations it opens with.

    `ids`, `positions`, `piece` and `head` (rows, length) int64: tokens, their places in their turns, the
    pieces they are in and the pieces with their declarations; `written` (rows, length) bool: the tokens the
    loss is taken on. `turns` and `tokens` count what is in it, without padding.
    """

    ids: torch.Tensor
    written: torch.Tensor
    positions: torch.Tensor
    piece: torch.Tensor
    head: torch.Tensor
    turns: int
    tokens: int

    def to(self, device: str) -> Batch:
        """The same on another device."""
        return Batch(
            self.ids.to(device),
            self.written.to(device),
            self.positions.to(device),
            self.piece.to(device),
            self.head.to(device),
            self.turns,
            self.tokens,
        )

    def mask(self, dtype: torch.dtype) -> torch.Tensor:
        """Which token may look at which, added to attention scores: (rows, 1, length, length) of `dtype`."""
        own, declared = (each[:, :, None] == self.piece[:, None, :] for each in (self.piece, self.head))
        length = self.ids.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=self.ids.device).tril()
        apart = torch.zeros(own.shape, dtype=dtype, device=self.ids.device)
        return apart.masked_fill_(~((own | declared) & causal), torch.finfo(dtype).min)[:, None]


def packed(source: Iterator[Sample], rows: int, length: int) -> Iterator[Batch]:
    """Batches of `rows` rows of `length` tokens, filled in the order of `source`.

    A turn goes into the emptiest row, or behind one that opens with the same declarations, which then stand
    once for both; the one that fits nowhere opens the next batch. One that is longer than a row is left out.
    """
    batch = _Rows(rows, length)
    left: list[Sample] = []  # what found no place in this batch opens the next
    for sample in source:
        if len(sample.tokens) > length or batch.take(sample):
            continue
        left.append(sample)
        if len(left) == 2 * rows:
            yield batch.closed()
            batch = _Rows(rows, length)
            for each in left:
                batch.take(each)
            left = []
    if batch.turns:
        yield batch.closed()


class _Rows:
    def __init__(self, rows: int, length: int) -> None:
        self._length = length
        self._filled = [0] * rows
        self._opened: list[tuple[list[int], int]] = [([], _EMPTY)] * rows  # the last declarations in each row
        self._ids = torch.zeros(rows, length, dtype=torch.long)
        self._written = torch.zeros(rows, length, dtype=torch.bool)
        self._positions = torch.zeros(rows, length, dtype=torch.long)
        self._piece = torch.full((rows, length), _EMPTY)
        self._head = torch.full((rows, length), _EMPTY)
        self._pieces = 0
        self.turns = 0

    def take(self, sample: Sample) -> bool:
        tokens, written, head = sample
        declared = list(tokens[:head])
        for row, (opened, piece) in enumerate(self._opened):
            if head and opened == declared and self._filled[row] + len(tokens) - head <= self._length:
                self._put(row, tokens, written, head, piece)
                break
        else:
            row = min(range(len(self._filled)), key=self._filled.__getitem__)
            if self._filled[row] + len(tokens) > self._length:
                return False
            if head:
                self._opened[row] = declared, self._pieces
                self._put(row, tokens[:head], written[:head], 0, self._pieces)
            self._put(row, tokens, written, head, self._opened[row][1] if head else self._pieces)
        self.turns += 1
        return True

    def _put(self, row: int, tokens: list[int], written: list[bool], start: int, head: int) -> None:
        """Put the tokens from `start` on into a row, as one piece."""
        first = self._filled[row]
        at = slice(first, first + len(tokens) - start)
        self._ids[row, at] = torch.as_tensor(tokens[start:])
        self._written[row, at] = torch.as_tensor(written[start:])
        self._written[row, first] = False  # what stands before a piece's first token is none of its own
        self._positions[row, at] = torch.arange(start, len(tokens))
        self._piece[row, at] = self._pieces
        self._head[row, at] = head
        self._filled[row] = at.stop
        self._pieces += 1

    def closed(self) -> Batch:
        return Batch(
            self._ids,
            self._written,
            self._positions,
            self._piece,
            self._head,
            self.turns,
            sum(self._filled),
        )


def loss_of(body: Any, head: Any, batch: Batch) -> torch.Tensor:
    """Mean cross entropy over what the model writes; the head is computed there alone."""
    mask = batch.mask(torch.bfloat16)
    hidden = body(
        input_ids=batch.ids, attention_mask=mask, position_ids=batch.positions, use_cache=False
    ).last_hidden_state[:, :-1]
    chosen = batch.written[:, 1:]
    return torch.nn.functional.cross_entropy(head(hidden[chosen]).float(), batch.ids[:, 1:][chosen])
