"""From a machine and a model to the command line of vLLM, with a reason for each flag."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from app.serve.machine import Gpu, ServeError
from app.serve.model import DEFAULT, RANKS, Adapter, Model

HOST = "127.0.0.1"
PORT = 8000
NAME = "headstart"  # of the adapter, on the server
GIB = 1 << 30
LENGTH = 8192  # tokens of a turn, what is declared and what was said before included

_OVERHEAD = 3 * GIB // 2  # activations, CUDA's own, the graphs
_TALKER = GIB // 4  # of the cache: about 2,000 tokens of a model with 3 billion parameters
_LEAST_ROOM = GIB // 2  # for a cache: less cannot hold one long turn
_KEPT_FREE = GIB // 4  # what a desktop takes besides, while vLLM starts
_MOST = 0.9  # of a card
_TALKERS = (2, 4, 8, 16, 32, 64, 128)
_OLDEST = (7, 5)  # compute capability vLLM's builds begin with
_BFLOAT = (8, 0)  # ... and that of the first cards that calculate with bfloat16


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of vLLM with its value, if any, and why it is there."""

    name: str
    value: str
    why: str

    @property
    def words(self) -> list[str]:
        """As arguments."""
        return [self.name, self.value] if self.value else [self.name]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run: `vllm serve MODEL` with flags in an environment.

    `card`: on which graphics card, None for the processor; `more`: flags of the user's own, which go before
    ours.
    """

    model: str
    adapter: Path | None
    port: int
    card: Gpu | None
    flags: Sequence[Flag]
    more: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def on(self) -> str:
        """On what it is to run, for people."""
        if (card := self.card) is None:
            return "the processor"
        return f"{card.name}, {_gib(card.free)} of {_gib(card.memory)} GB free"

    @property
    def arguments(self) -> list[str]:
        """What follows the command `vllm`."""
        return ["serve", self.model, *(word for flag in self.flags for word in flag.words), *self.more]

    @property
    def explanation(self) -> list[str]:
        """A line for each flag."""
        width = max(len(" ".join(flag.words)) for flag in self.flags)
        return [f"{' '.join(flag.words):<{width}}  {flag.why}" for flag in self.flags]


def plan(
    model: Model,
    adapter: Adapter | None,
    card: Gpu | None,
    *,
    port: int = PORT,
    only: bool = True,
    more: Sequence[str] = (),
) -> Plan:
    """The command for `card`, or for a processor where it is None.

    `only`: it is the machine's only one, and need not be named. Raises ServeError for a card that is too
    old or too small.
    """
    environment = {"VLLM_NO_USAGE_STATS": "1"}
    if card is not None and not only:
        environment["CUDA_VISIBLE_DEVICES"] = card.uuid
    length = min(LENGTH, model.length or LENGTH)
    flags = [
        Flag("--host", HOST, "answers this machine only, as it asks nobody for a key"),
        Flag("--port", str(port), "where"),
        *(_for_processor() if card is None else _for_card(card, model)),
        Flag("--max-model-len", str(length), "tokens a turn may have; a longer context costs cache"),
        Flag("--enable-prefix-caching", "", "an update is read from where it begins, not from the start"),
        Flag("--scheduling-policy", "priority", "what you have finished saying overtakes guesses"),
        Flag("--generation-config", "vllm", "no penalties of the model's own on repeated names"),
        *_named(adapter),
    ]
    own = {word.partition("=")[0] for word in more}
    flags = [flag for flag in flags if flag.name not in own]
    return Plan(model.name, adapter and adapter.folder, port, card, flags, more, environment)


def roomiest(cards: Sequence[Gpu]) -> Gpu:
    """The card with the most free memory."""
    return max(cards, key=lambda card: card.free)


def fits(card: Gpu, model: Model) -> bool:
    """Whether `model` can be served on `card`, as far as anybody knows beforehand."""
    return model.weights is None or _room(card, model.weights) >= _LEAST_ROOM


def needed(model: Model) -> int:
    """Free bytes that a card needs for `model`, at the least."""
    return round(((model.weights or 0) + _OVERHEAD + _LEAST_ROOM) / _MOST)


def _for_card(card: Gpu, model: Model) -> list[Flag]:
    if card.capability < _OLDEST:
        raise ServeError(
            f"{card.name} is too old for vLLM (compute capability {_dotted(card.capability)}, "
            f"{_dotted(_OLDEST)} is needed); use --brain local"
        )
    if not fits(card, model):
        smaller = "a smaller --model" if model.name != DEFAULT else "use --brain local"
        raise ServeError(
            f"{model.name} needs about {_gib(needed(model))} GB, and {card.name} has {_gib(card.free)} GB "
            f"free: close what else uses the card (nvidia-smi lists it), or {smaller}"
        )
    talkers = _talkers(card, model)
    dtype = (
        ("bfloat16", "as it was trained") if card.capability >= _BFLOAT else ("half", "a card before 2020")
    )
    return [
        Flag("--dtype", *dtype),
        Flag(
            "--gpu-memory-utilization",
            f"{_share(card):.2f}",
            "of the card; the rest is for others",
        ),
        Flag("--max-num-seqs", str(talkers), "requests at the same time: about so many people may talk"),
    ]


def _for_processor() -> list[Flag]:
    return [
        Flag("--dtype", "float32", "most processors have no instructions for half precision"),
        Flag("--block-size", "32", "prefixes are kept in steps of so many tokens; 128 without it"),
        Flag("--kv-cache-memory-bytes", str(GIB), "for what it has read; else most of the memory there is"),
        Flag("--max-num-seqs", "8", "requests at the same time"),
    ]


def _named(adapter: Adapter | None) -> list[Flag]:
    if adapter is None:
        return []
    rank = next(rank for rank in RANKS if rank >= adapter.rank)
    return [
        Flag("--enable-lora", "", "serves the adapter on top of the model"),
        Flag("--max-loras", "1", "one of them"),
        Flag("--max-lora-rank", str(rank), "as large as it is"),
        Flag("--lora-modules", f"{NAME}={adapter.folder}", "which, and what it is called"),
    ]


def _share(card: Gpu) -> float:
    """What vLLM may take of a card, which must be free when it starts; rounded down to hundredths."""
    return int(100 * min(_MOST, (card.free - _KEPT_FREE) / card.memory)) / 100


def _room(card: Gpu, weights: int) -> float:
    return _share(card) * card.memory - weights - _OVERHEAD


def _talkers(card: Gpu, model: Model) -> int:
    weights = card.memory // 3 if model.weights is None else model.weights
    possible = _room(card, weights) / _TALKER
    return max([*takewhile(lambda count: count <= possible, _TALKERS), _TALKERS[0]])


def _gib(size: float) -> str:
    return f"{size / GIB:.1f}"


def _dotted(capability: tuple[int, int]) -> str:
    return "{}.{}".format(*capability)


def script(plan: Plan, cards: Sequence[Gpu]) -> str:
    """The command for people who run vLLM themselves: a shell script that explains itself."""
    environment = [f"{name}={shlex.quote(value)}" for name, value in plan.environment.items()]
    lines = [f"{' '.join([*environment, 'vllm', 'serve'])} {shlex.quote(plan.model)}"]
    lines += [shlex.join(flag.words) for flag in plan.flags]
    lines += [shlex.join(plan.more)] if plan.more else []
    return "\n".join(
        [
            f"# {plan.model} on {plan.on}:",
            *(f"#   {line}" for line in plan.explanation),
            *(f"# {line}" for line in many(cards, plan.port)),
            " \\\n  ".join(lines),
        ]
    )


def many(cards: Sequence[Gpu], port: int) -> list[str]:
    """What people with more cards, or more machines, add to the command or put in front of it."""
    count = str(len(cards)) if len(cards) > 1 else "N"
    return [
        "",
        f"With more cards: --tensor-parallel-size {count} spreads a model that does not fit one,",
        f"--data-parallel-size {count} runs copies for more people behind one port.",
        "With more machines, or copies: put vLLM's own router before them, which leads all requests of a",
        "session to the copy that has read its words before:",
        "    pip install vllm-router",
        f"    vllm-router --policy consistent_hash --worker-urls http://ONE:{port} http://OTHER:{port}",
        f"and with copies, --intra-node-data-parallel-size {count}. Each machine needs --host 0.0.0.0, and a",
        "firewall around it: vLLM asks nobody for a key.",
        "People then talk with: headstart talk --brain vllm --url http://ROUTER:PORT/v1",
        "",
    ]
