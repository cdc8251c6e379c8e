"""Training streams as tokens in one file, made once for many epochs or for another machine.

In the file: `ids` (tokens,), uint16 where the vocabulary fits in it and else uint32, `written` (tokens,) bool
packed to bits, which of them the model writes, and `lengths` (turns,) uint16.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from agents.training.bases import Base
from agents.training.clock import Stream, streams
from agents.training.raw import spoken_questions

Sample = tuple[list[int], list[bool]]  # the tokens of a turn, and which of them the model writes
_Packed = tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]
_PART = 2000  # turns a worker makes at a time


def samples(made: Iterable[Stream], cut: Any) -> Iterator[Sample]:
    """Tokens of streams, no two of them the same. `cut` is the tokenizer."""
    seen: set[str] = set()
    for stream in made:
        if stream.text in seen:
            continue
        seen.add(stream.text)
        tokens: list[int] = []
        written: list[bool] = []
        pieces, by_model = zip(*stream.spans(), strict=True)
        for piece, mine in zip(cut.encode_batch(pieces, add_special_tokens=False), by_model, strict=True):
            tokens += piece.ids
            written += [mine] * len(piece.ids)
        yield tokens, written


def save(made: Sequence[_Packed], path: Path) -> str:
    """Write turns to `path`. Returns the SHA-256 of their tokens."""
    ids = np.concatenate([tokens for tokens, _ in made])
    written = np.packbits(np.concatenate([mine for _, mine in made]))
    np.savez_compressed(
        path, ids=ids, written=written, lengths=np.array([len(t) for t, _ in made], np.uint16)
    )
    return hashlib.sha256(ids.tobytes()).hexdigest()


def _packed(sample: Sample, cut: Any) -> _Packed:
    tokens, written = sample
    kind = np.uint16 if cut.get_vocab_size() <= 1 << 16 else np.uint32
    return np.array(tokens, kind), np.array(written, np.bool_)


def read(path: Path, seed: int) -> Iterator[Sample]:
    """The turns of a file in random order, again and again. Raises OSError or ValueError."""
    with np.load(path) as file:
        ids, lengths = file["ids"].astype(np.int64), file["lengths"].astype(np.int64)
        written = np.unpackbits(file["written"], count=len(ids)).astype(np.bool_)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    rng = np.random.default_rng(seed)
    while True:
        for turn in rng.permutation(len(lengths)):
            at = slice(starts[turn], starts[turn + 1])
            yield ids[at], written[at]  # pyright: ignore[reportReturnType] - arrays serve as lists


def make(
    base: Base,
    turns: int,
    seed: int,
    out: Path,
    *,
    held_out: bool = False,
    whole: bool = False,
    questions: Path | None = None,
    processes: int = 2,
) -> None:
    """Write at least so many `turns` to `out`, cut by the tokenizer of `base`; print their number and hash.

    With `held_out` over the names and tools set aside from training, with `whole` each heard at once, with
    `questions`, a file of Disfl-QA, its questions among them. Raises OSError, ValueError or TrainingError.
    """
    seeds = [1_000_000 * seed + at for at in range(-(-turns // _PART))]
    made: list[_Packed] = []
    with ProcessPoolExecutor(processes, initializer=_prepare, initargs=(base,)) as pool:
        jobs = [pool.submit(_part, each, held_out, whole) for each in seeds]
        for at, job in enumerate(jobs):
            made += job.result()
            print(f"\r{(at + 1) * _PART} turns", end="", flush=True)
    if questions:
        cut = base.tokenizer()
        asked = spoken_questions(questions, random.Random(seed))
        made += [_packed(sample, cut) for sample in samples(asked, cut)]
    out.parent.mkdir(parents=True, exist_ok=True)
    tokens = sum(len(ids) for ids, _ in made)
    print(f"\r{len(made)} turns, {tokens} tokens, sha256 {save(made, out)}")


_cut: Any = None  # a worker's tokenizer


def _prepare(base: Base) -> None:
    global _cut
    _cut = base.tokenizer()


def _part(seed: int, held_out: bool, whole: bool) -> list[_Packed]:
    made = itertools.islice(streams(seed, held_out, whole), _PART)
    return [_packed(sample, _cut) for sample in samples(made, _cut)]
