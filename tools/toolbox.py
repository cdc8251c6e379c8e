"""The set of tools a session may use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools import arguments as reading
from tools.tool import Arguments, Json, Tool, ToolError


class Toolbox:
    """Tools by name, in the order given. Raises ValueError where two have one name."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            if tool.name in self._tools:
                raise ValueError(f"two tools are called {tool.name}")
            self._tools[tool.name] = tool

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def get(self, name: str) -> Tool:
        """The tool called `name`. Raises ToolError where there is none."""
        found = self._tools.get(name)
        if found is None:
            raise ToolError(f'I have no tool called "{name.replace("_", " ")}".')
        return found

    def check(self, name: str, arguments: Arguments) -> dict[str, Json]:
        """The arguments as the tool takes them: trimmed, what is empty and optional left out.

        Raises ToolError for an unknown tool and for unknown, missing or ill-typed arguments.
        """
        return reading.checked(name, self.get(name).parameters, arguments)

    def canonical(self, name: str, arguments: Arguments) -> str:
        """One key for all calls that mean the same: case, white space and "1" for "one" do not matter."""
        return reading.canonical(name, arguments)
