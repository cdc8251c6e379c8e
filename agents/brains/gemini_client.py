"""The SDK's client, as this program uses it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from google import genai
from google.genai import types
from google.genai.live import AsyncSession

from agents.brains.gemini_link import Connect
from agents.brains.gemini_words import explained, setup, unavailable
from tools.toolbox import Toolbox

_VERSION = "v1beta"  # of the API, where the Live models are; newer SDKs would take v1
_SECONDS = 10  # an answer about a model may take


def client(key: str, url: str | None = None, **transport: object) -> genai.Client:
    """A client with this key. `url` and `transport` are for another service that speaks the same.

    The SDK itself would look for keys, and for another service, in the environment.
    """
    options = types.HttpOptions(
        base_url=url, api_version=_VERSION, timeout=_SECONDS * 1000, async_client_args=transport or None
    )
    return genai.Client(api_key=key, vertexai=False, http_options=options)


def connector(
    client: genai.Client, model: str, toolbox: Toolbox, now: Callable[[], str], voice: str
) -> Connect:
    """Opens Live connections. `now` is the sentence that tells the date."""

    def connect(handle: str | None) -> AbstractAsyncContextManager[AsyncSession]:
        return client.aio.live.connect(model=model, config=setup(toolbox, now(), voice, handle))

    return connect


async def examine(client: genai.Client, model: str, method: str) -> None:
    """Look the model up, which costs nothing. `method`: what it must be able to do.

    Raises BrainError that tells a wrong key, no network and a model that cannot be had apart.
    """
    try:
        found = await client.aio.models.get(model=model)
    except Exception as error:  # of three HTTP libraries, whichever is installed
        raise explained(error, model) from None
    if method not in (found.supported_actions or [method]):
        raise unavailable(model)
