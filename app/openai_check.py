"""Whether OpenAI can be used, for `headstart doctor`."""

from __future__ import annotations

from collections.abc import Mapping

from openai import APIConnectionError, APIStatusError, OpenAIError

from agents.brain import BrainError
from agents.brains.openai_words import refused
from app.cloud import OPENAI_KEYS, check_speculator, key, openai_client
from app.settings import Settings


async def check_openai(settings: Settings, environ: Mapping[str, str]) -> str:
    """What was found, without spending anything: the service is asked for the description of the model.

    Raises BrainError that tells apart: no key, a wrong key, no network, a model that this key cannot have.
    """
    client = openai_client(key(environ, OPENAI_KEYS, "openai"), settings.openai.url)
    model = settings.model or settings.openai.model
    try:
        async with client:
            await client.models.retrieve(model)
    except APIConnectionError:
        raise BrainError("OpenAI cannot be reached; check the network.") from None
    except APIStatusError as error:
        why = refused(error.status_code, model)
        raise BrainError(why or f"OpenAI is out of order just now (status {error.status_code}).") from None
    except OpenAIError as error:
        raise BrainError(f"OpenAI could not be asked ({type(error).__name__}).") from None
    guesses = await check_speculator(settings, environ)
    return f"{model} at OpenAI, with the key in OPENAI_API_KEY" + (f"; {guesses} guesses" if guesses else "")
