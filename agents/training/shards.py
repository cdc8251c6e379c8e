"""Training streams as tokens in one file, made once for many epochs or for another machine.

`python -m agents.training.shards --turns 400000 --out data.npz` makes one and prints its hash. In the file:
`ids` (tokens,) uint16, `written` (tokens,) bool packed to bits, which of them the model writes, and
`lengths` (turns,) uint16.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoTokenizer

from agents.brains.weights import base_weights
from agents.training.clock import Stream, streams
from agents.training.raw import spoken_questions

Sample = tuple[list[int], list[bool]]  # the tokens of a turn, and which of them the model writes
_Packed = tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]
_PART = 2000  # turns a worker makes at a time


def tokenizer() -> Any:
    """That of the base model."""
    path = base_weights()
    return AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name).backend_tokenizer


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


def _packed(tokens: Sequence[int], written: Sequence[bool]) -> _Packed:
    return np.array(tokens, np.uint16), np.array(written, np.bool_)


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


def _part(seed: int, turns: int, held_out: bool, whole: bool) -> list[_Packed]:
    global _cut
    if _cut is None:
        _cut = tokenizer()
    made = samples(itertools.islice(streams(seed, held_out, whole), turns), _cut)
    return [_packed(*sample) for sample in made]


_cut: Any = None


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", action="store_true", help="names and tools set aside from training")
    parser.add_argument("--whole", action="store_true", help="turns heard at once")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--questions", type=Path, help="a folder with Disfl-QA's train.json, to be mixed in")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    seeds = [1_000_000 * given.seed + at for at in range(-(-given.turns // _PART))]
    made: list[_Packed] = []
    with ProcessPoolExecutor(given.processes) as pool:
        jobs = [pool.submit(_part, seed, _PART, given.held_out, given.whole) for seed in seeds]
        for at, job in enumerate(jobs):
            made += job.result()
            print(f"\r{(at + 1) * _PART} turns", end="", flush=True)
    if given.questions:
        asked = spoken_questions(given.questions / "train.json", random.Random(given.seed))
        made += [_packed(*sample) for sample in samples(asked, tokenizer())]
    tokens = sum(len(tokens) for tokens, _ in made)
    print(f"\n{len(made)} turns, {tokens} tokens, sha256 {save(made, given.out)}")


if __name__ == "__main__":
    main()
