"""One way to ask a web service: JSON in a few seconds, or a failure that can be spoken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from tools.tool import ToolError

if TYPE_CHECKING:
    from httpx import AsyncBaseTransport

M = TypeVar("M", bound=BaseModel)
_TIMEOUT_SECONDS = 4.0
_LONGEST_BYTES = 1_000_000
_AGENT = "Headstart/0.1 (voice assistant; one request at a time)"


async def ask(
    transport: AsyncBaseTransport | None, url: str, query: dict[str, str | int], answer: type[M], service: str
) -> M:
    """GET `url` and read the answer as `answer`. Raises ToolError naming the `service`.

    `transport` None is the network.
    """
    import httpx  # slow to import, and only needed by a tool that goes online

    try:
        async with (
            asyncio.timeout(_TIMEOUT_SECONDS),  # of all of it: httpx bounds each wait, not their sum
            httpx.AsyncClient(
                transport=transport, timeout=_TIMEOUT_SECONDS, headers={"User-Agent": _AGENT}
            ) as client,
            client.stream("GET", url, params=query) as response,
        ):
            response.raise_for_status()
            content = b""
            async for part in response.aiter_bytes():
                content += part
                if len(content) > _LONGEST_BYTES:
                    raise ToolError(f"The {service} gave an answer I cannot read.")
        return answer.model_validate_json(content)
    except (httpx.TimeoutException, TimeoutError) as error:
        raise ToolError(f"The {service} does not answer; try again later.") from error
    except httpx.HTTPStatusError as error:
        raise ToolError(
            f"The {service} refused with error {error.response.status_code}; try again later."
        ) from error
    except httpx.HTTPError as error:
        raise ToolError(f"I cannot reach the {service}; check the network.") from error
    except ValidationError as error:
        raise ToolError(f"The {service} gave an answer I cannot read.") from error
