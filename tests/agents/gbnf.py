"""A small interpreter of the GBNF that grammars here use: does a grammar accept a text?"""

import re
from collections.abc import Callable
from functools import lru_cache

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|\{\d+,\d+\}|[A-Za-z][\w-]*|[()|?*+])')

Node = tuple[object, ...]


def accepts(grammar: str, text: str) -> bool:
    """Whether the whole of `text` is a sentence of `grammar`."""
    rules: dict[str, Node] = {}
    for line in grammar.splitlines():
        name, body = line.split(" ::= ", 1)
        rules[name] = _Parser(_TOKEN.findall(body)).choice()

    @lru_cache(None)
    def ends(node: Node, start: int) -> frozenset[int]:
        match node:
            case ("text", str(literal)):
                return frozenset({start + len(literal)} if text.startswith(literal, start) else ())
            case ("one", str(pattern)):
                fits = start < len(text) and re.fullmatch(pattern, text[start], re.DOTALL)
                return frozenset({start + 1} if fits else ())
            case ("rule", str(name)):
                return ends(rules[name], start)
            case ("choice", *options):
                return frozenset(end for option in options for end in ends(option, start))
            case ("sequence", *items):
                at = frozenset({start})
                for item in items:
                    at = frozenset(end for each in at for end in ends(item, each))
                return at
            case ("repeat", item, int(low), int(high)):
                found: set[int] = {start} if low == 0 else set()
                at, count = {start}, 0
                while at and count < high:
                    at = {end for each in at for end in ends(item, each) if end > each}
                    count += 1
                    if count >= low:
                        if at <= found and count > low:
                            break
                        found |= at
                return frozenset(found)
            case _:
                raise AssertionError(node)

    return len(text) in ends(rules["root"], 0)


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def choice(self) -> Node:
        options = [self.sequence()]
        while self.peek() == "|":
            self.take()
            options.append(self.sequence())
        return ("choice", *options)

    def sequence(self) -> Node:
        items: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            items.append(self.item())
        return ("sequence", *items)

    def item(self) -> Node:
        token = self.take()
        if token == "(":
            node = self.choice()
            assert self.take() == ")"
        elif token[0] == '"':
            node = ("text", _unescaped(token[1:-1]))
        elif token[0] == "[":
            node = ("one", token)
        else:
            node = ("rule", token)
        bounds: dict[str, tuple[int, int]] = {"?": (0, 1), "*": (0, 10**6), "+": (1, 10**6)}
        if self.peek() in bounds:
            return ("repeat", node, *bounds[self.take()])
        if self.peek().startswith("{"):
            low, high = self.take()[1:-1].split(",")
            return ("repeat", node, int(low), int(high))
        return node


def _unescaped(text: str) -> str:
    kinds: dict[str, Callable[[], str]] = {"n": lambda: "\n"}
    return re.sub(r"\\(.)", lambda found: kinds.get(found[1], lambda: found[1])(), text)
