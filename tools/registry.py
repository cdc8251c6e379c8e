"""`@tool`: a Tool from a coroutine function, its JSON schema from the signature."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter

from tools.arguments import checked
from tools.tool import Arguments, Effect, Json, Tool, ToolContext, ToolResult

Body = Callable[..., Awaitable[ToolResult]]
Undo = Callable[[ToolContext, Json], Awaitable[ToolResult]]
Question = Callable[[ToolContext, Arguments], str]


def tool(
    *, effect: Effect, undo: Undo | None = None, question: Question | None = None, local: bool = False
) -> Callable[[Body], Tool]:
    """Make a Tool from `async def f(context: ToolContext, title: str, end: str | None = None)`.

    The name is the function's, the description the first line of its docstring. A parameter's schema
    comes from its annotation, its description from `Annotated[str, "..."]`; a trailing underscore,
    needed for names like `from`, is not part of the parameter's name. Raises TypeError for a
    parameter without an annotation. `undo`, `question` and `local` are those of `Tool`.
    """

    def make(body: Body) -> Tool:
        parameters, names = _schema(body)
        name = body.__name__

        async def run(context: ToolContext, arguments: Arguments) -> ToolResult:
            given = checked(name, parameters, arguments)
            return await body(context, **{names[key]: value for key, value in given.items()})

        description = (inspect.getdoc(body) or "").partition("\n")[0]
        return Tool(name, description, effect, parameters, run, undo, question, local)

    return make


def _schema(body: Body) -> tuple[dict[str, Any], dict[str, str]]:
    """The JSON schema of all parameters but the first, and the Python name of each."""
    hints = get_type_hints(body, include_extras=True)
    properties: dict[str, Any] = {}
    required: list[str] = []
    names: dict[str, str] = {}
    for parameter in list(inspect.signature(body).parameters.values())[1:]:
        if parameter.name not in hints:
            raise TypeError(f"{body.__name__}: parameter {parameter.name} has no annotation")
        key = parameter.name.removesuffix("_")
        names[key] = parameter.name
        properties[key] = _property(hints[parameter.name])
        if parameter.default is inspect.Parameter.empty:
            required.append(key)
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return schema, names


def _property(hint: Any) -> dict[str, Any]:
    """The schema of one parameter. That it may be left out is said by `required`, not by a null type."""
    schema = TypeAdapter(hint).json_schema()
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        schema = options[0]
    if get_origin(hint) is Annotated:
        texts = [item for item in get_args(hint)[1:] if isinstance(item, str)]
        schema |= {"description": " ".join(texts)} if texts else {}
    return schema
