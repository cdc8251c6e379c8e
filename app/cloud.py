"""Brains in the cloud: their keys, and what is told where they cannot be had."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from openai import AsyncOpenAI

from agents.brain import Brain, BrainError
from agents.cost import Meter
from agents.speculator import Speculator
from app.settings import Settings, SettingsError
from tools.toolbox import Toolbox

OPENAI = "https://api.openai.com/v1"
OPENAI_KEYS = ("OPENAI_API_KEY",)
SPECULATOR_KEYS = ("HEADSTART_SPECULATOR_KEY",)
GEMINI_KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
_NO_SDK = "the gemini brain needs the package google-genai: uv sync --frozen --inexact --extra gemini"


def key(environ: Mapping[str, str], names: tuple[str, ...], brain: str) -> str:
    """The key of a service from the environment. Raises BrainError where there is none."""
    found = next((environ[name].strip() for name in names if environ.get(name, "").strip()), "")
    if not found:
        raise BrainError(
            f"the {brain} brain needs a key: set {names[0]} in the environment, or use --brain local"
        )
    return found


def openai_brain(settings: Settings, meter: Meter, toolbox: Toolbox, environ: Mapping[str, str]) -> Brain:
    """OpenAI Realtime. Raises BrainError without a key."""
    from agents.brains.openai_realtime import OpenAIRealtime
    from agents.brains.realtime_service import RealtimeOptions

    secret = key(environ, OPENAI_KEYS, "openai")
    own = settings.openai
    options = RealtimeOptions(
        settings.model or own.model,
        own.voice,
        own.effort,
        sound=settings.hear == "sound",
        own_voice=settings.voice == "own",
    )
    return OpenAIRealtime(
        openai_client(secret, own.url),
        options,
        toolbox,
        meter,
        clock=now,
        speculator=speculator(settings, meter, toolbox, environ),
    )


def openai_client(secret: str, url: str | None) -> AsyncOpenAI:
    """The SDK's client. Nothing is retried behind our back."""
    return AsyncOpenAI(api_key=secret, base_url=url or OPENAI, max_retries=0, timeout=15.0)


def now() -> str:
    """The local date and time as models are told it."""
    return f"{datetime.now():%A %Y-%m-%d %H:%M}"


def speculator(
    settings: Settings, meter: Meter, toolbox: Toolbox, environ: Mapping[str, str]
) -> Speculator | None:
    """The chat endpoint that guesses, where one is set. Raises SettingsError, or BrainError without a key.

    The key of OpenAI goes to OpenAI alone. A server on this machine needs none.
    """
    if settings.speculator is None:
        return None
    from agents.brains.chat_speculator import ChatSpeculator

    url, model = endpoint(settings.speculator)
    host = urlsplit(url).hostname or ""
    names = (*SPECULATOR_KEYS, *(OPENAI_KEYS if url == OPENAI else ()))
    is_here = host in ("127.0.0.1", "localhost", "::1")
    secret = next((environ[name].strip() for name in names if environ.get(name, "").strip()), "")
    if not secret and not is_here:
        raise BrainError(f"guessing at {host} needs a key: set {names[-1]} in the environment")
    client = openai_client(secret or "none", url)
    return ChatSpeculator(client, model, toolbox, meter, place=host, clock=now)


async def check_speculator(settings: Settings, environ: Mapping[str, str]) -> str | None:
    """Ask the chat endpoint that is set whether it is there and takes the key; its name, None for none.

    Raises BrainError. An endpoint that cannot say which models it has is not held against its model.
    """
    guesses = speculator(settings, Meter({}), Toolbox([]), environ)
    if guesses is None:
        return None
    try:
        await guesses.warm_up()
    finally:
        await guesses.close()
    url, model = endpoint(settings.speculator or "")
    return f"{model} at {urlsplit(url).hostname}"


def endpoint(text: str) -> tuple[str, str]:
    """Address and model of URL/MODEL; a model alone is one of OpenAI. Raises SettingsError.

    The model begins after the version, "/v1/", where the address has one, else after the last slash.
    """
    if "://" not in text:
        return OPENAI, text
    before, version, model = text.partition("/v1/")
    url = before + "/v1"
    if not version:
        url, _, model = text.rpartition("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not model:
        raise SettingsError(
            f"setting speculator: {text!r} is no URL/MODEL, as in http://127.0.0.1:8000/v1/qwen"
        )
    return url, model


def gemini_brain(settings: Settings, meter: Meter, toolbox: Toolbox, environ: Mapping[str, str]) -> Brain:
    """Gemini Live. Raises BrainError without a key, or without the extra."""
    secret = key(environ, GEMINI_KEYS, "gemini")
    try:
        from agents.brains.gemini_client import client, connector
        from agents.brains.gemini_live import GeminiLive
        from agents.brains.gemini_speculator import GeminiSpeculator
    except ImportError:
        raise BrainError(_NO_SDK) from None
    own = settings.gemini
    model = settings.model or own.model
    sdk = client(secret, own.url)
    guesses = speculator(settings, meter, toolbox, environ) or GeminiSpeculator(
        sdk, own.speculator, toolbox, meter, now=_date
    )
    return GeminiLive(
        connector(sdk, model, toolbox, _date, own.voice),
        guesses,
        toolbox,
        meter,
        model=model,
        sound=settings.hear == "sound",
        own_voice=settings.voice == "own",
    )


async def check_gemini(settings: Settings, environ: Mapping[str, str]) -> str:
    """Ask Google whether it has the models for this key, which costs nothing; what was found.

    Raises BrainError that tells no key, a wrong key, no network and a model that is not there apart.
    """
    secret = key(environ, GEMINI_KEYS, "gemini")
    try:
        from agents.brains.gemini_client import client, examine
    except ImportError:
        raise BrainError(_NO_SDK) from None
    sdk = client(secret, settings.gemini.url)
    model = settings.model or settings.gemini.model
    try:
        await examine(sdk, model, "bidiGenerateContent")
        if settings.speculator is None:
            await examine(sdk, settings.gemini.speculator, "generateContent")
    finally:
        await sdk.aio.aclose()
    guesses = await check_speculator(settings, environ)
    return f"{model}, with {guesses or settings.gemini.speculator} to guess"


def _date() -> str:
    return f"It is {now()}, local time."
