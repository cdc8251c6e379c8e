"""Training streams as tokens in one file, made once for many epochs or for another machine.

In the file: `ids` (tokens,), uint16 where the vocabulary fits in it and else uint32, `written` (tokens,) bool
packed to bits, which of them the model writes, and `lengths` and `heads` (turns,) uint16.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agents.training import slurp
from agents.training.bases import Base
from agents.training.clock import Stream, streams
from agents.training.raw import spoken_questions
from agents.training.slurp import Commands

_PART = 2000  # turns a worker makes at a time


class Sample(NamedTuple):
    """The tokens of a turn, and which of them the model writes. The first `head` declare tools."""

    tokens: list[int]
    written: list[bool]
    head: int


class _Packed(NamedTuple):
    ids: np.ndarray[Any, Any]
    written: np.ndarray[Any, Any]
    head: int


def samples(made: Iterable[Stream], cut: Any) -> Iterator[Sample]:
    """Tokens of streams, no two of them the same. `cut` is the tokenizer."""
    seen: set[str] = set()
    for stream in made:
        if stream.text in seen:
            continue
        seen.add(stream.text)
        tokens: list[int] = []
        written: list[bool] = []
        texts, by_model = zip(*stream.spans(), strict=True)
        pieces = cut.encode_batch(texts, add_special_tokens=False)
        for piece, mine in zip(pieces, by_model, strict=True):
            tokens += piece.ids
            written += [mine] * len(piece.ids)
        declares = any(shape.declaration for shape in stream.shapes.values())
        yield Sample(tokens, written, len(pieces[0].ids) if declares else 0)


def save(made: Sequence[_Packed], path: Path) -> str:
    """Write turns to `path`. Returns the SHA-256 of their tokens."""
    ids = np.concatenate([turn.ids for turn in made])
    np.savez_compressed(
        path,
        ids=ids,
        written=np.packbits(np.concatenate([turn.written for turn in made])),
        lengths=np.array([len(turn.ids) for turn in made], np.uint16),
        heads=np.array([turn.head for turn in made], np.uint16),
    )
    return hashlib.sha256(ids.tobytes()).hexdigest()


def _packed(sample: Sample, cut: Any) -> _Packed:
    kind = np.uint16 if cut.get_vocab_size() <= 1 << 16 else np.uint32
    return _Packed(np.array(sample.tokens, kind), np.array(sample.written, np.bool_), sample.head)


def read(path: Path, seed: int) -> Iterator[Sample]:
    """The turns of a file in random order, again and again; those that open alike stay together.

    Raises OSError or ValueError.
    """
    with np.load(path) as file:
        ids, lengths = file["ids"].astype(np.int64), file["lengths"].astype(np.int64)
        written = np.unpackbits(file["written"], count=len(ids)).astype(np.bool_)
        heads = file["heads"]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    groups: list[list[int]] = []
    opening = b""
    for turn, head in enumerate(heads):
        before, opening = opening, ids[starts[turn] : starts[turn] + head].tobytes()
        if opening and opening == before:
            groups[-1].append(turn)
        else:
            groups.append([turn])
    rng = np.random.default_rng(seed)
    while True:
        for group in rng.permutation(len(groups)):
            for turn in groups[group]:
                at = slice(starts[turn], starts[turn + 1])
                yield Sample(ids[at], written[at], int(heads[turn]))  # pyright: ignore[reportArgumentType] - arrays serve as lists


def make(
    base: Base,
    turns: int,
    seed: int,
    out: Path,
    *,
    held_out: bool = False,
    whole: bool = False,
    questions: Path | None = None,
    commands: Path | None = None,
    processes: int = 2,
) -> None:
    """Write at least so many `turns` to `out`, cut by the tokenizer of `base`; print their number and hash.

    With `held_out` over the names and tools set aside from training, with `whole` each heard at once, with
    `questions`, a file of Disfl-QA, its questions among them, with `commands`, a file of SLURP, turns in the
    words of its commands. Raises OSError, ValueError or TrainingError.
    """
    spoken = slurp.TIMES * slurp.read(commands, held_out).size if commands else 0
    first = 1_000_000 * seed
    made: list[_Packed] = []
    with ProcessPoolExecutor(processes, initializer=_prepare, initargs=(base, commands, held_out)) as pool:
        jobs = [pool.submit(_part, first + at, held_out, whole) for at in range(-(-turns // _PART))]
        jobs += [
            pool.submit(_part, first + at, held_out, whole, commanded=True)
            for at in range(-(-spoken // _PART))
        ]
        for at, job in enumerate(jobs):
            made += job.result()
            print(f"\r{(at + 1) * _PART} turns", end="", flush=True)
    if questions:
        cut = base.tokenizer()
        asked = spoken_questions(questions, random.Random(seed))
        made += [_packed(sample, cut) for sample in samples(asked, cut)]
    out.parent.mkdir(parents=True, exist_ok=True)
    tokens = sum(len(turn.ids) for turn in made)
    print(f"\r{len(made)} turns, {tokens} tokens, sha256 {save(made, out)}")


_cut: Any = None  # a worker's tokenizer
_commands: Commands | None = None  # and its commands


def _prepare(base: Base, commands: Path | None, held_out: bool) -> None:
    global _cut, _commands
    _cut = base.tokenizer()
    _commands = slurp.read(commands, held_out) if commands else None


def _part(seed: int, held_out: bool, whole: bool, commanded: bool = False) -> list[_Packed]:
    made = itertools.islice(streams(seed, held_out, whole, _commands if commanded else None), _PART)
    return [_packed(sample, _cut) for sample in samples(made, _cut)]
