"""Every setting in one place: flags go before the environment, that before config.toml, that before these."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from agents.events import Mode
from app.prices import PriceSettings
from tools.errors import HeadstartError
from tools.tool import Effect, Speculate
from voice.echo import Echo

CONFIG = platformdirs.user_config_path("headstart") / "config.toml"
BRAINS = ("local", "vllm", "openai", "gemini")


class SettingsError(HeadstartError):
    """A setting is wrong. The message is one line that names it and says what is possible."""


class ToolSettings(BaseModel):
    """What a person can set for one tool, as `[tools.NAME]` in config.toml.

    `effect` and `speculate` may make a tool less careful than it comes: that is the user's to decide.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    effect: Effect | None = Field(None, description="read, write or confirm: when it may run")
    speculate: Speculate | None = Field(
        None, description="auto; never, so that half a sentence reaches no third party; early, with an undo"
    )
    speculative: int | None = Field(None, ge=0, description="runs in a turn before its commit point")
    parallel: int | None = Field(None, ge=1, description="runs at the same time")
    seconds: float | None = Field(None, gt=0, description="how long one run may take")


class OpenAISettings(BaseModel):
    """The `openai` brain, as `[openai]` in config.toml. Its key is OPENAI_API_KEY in the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field("gpt-realtime-2.1", description="a Realtime model")
    voice: str = Field("marin", description="the model's voice")
    effort: str | None = Field("low", description="how long it reasons: minimal, low, medium, high, xhigh")
    url: str | None = Field(None, description="of another service that speaks the same, as https://HOST/v1")


class GeminiSettings(BaseModel):
    """The `gemini` brain, as `[gemini]` in config.toml. Its key is GEMINI_API_KEY in the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field("gemini-3.8-live", description="a Live model")
    voice: str = Field("Kore", description="the model's voice")
    speculator: str = Field("gemini-3.8-flash", description="the text model that guesses")
    url: str | None = Field(None, description="of another service that speaks the same, as https://HOST")


class VllmSettings(BaseModel):
    """The `vllm` brain, as `[vllm]` in config.toml. A server's key is VLLM_API_KEY in the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field("http://127.0.0.1:8000/v1", description="of a server of vLLM, or of any completions")
    model: str | None = Field(None, description="as the server calls it; by default the adapter it serves")
    inside: str | None = Field(
        None, description="a model, as folder or name, to run in this process and not ask a server"
    )
    adapter: Path | None = Field(None, description="a folder with a PEFT adapter for the model inside")
    context: int = Field(4096, ge=512, description="tokens that the model inside can see")

    @field_validator("url")
    @classmethod
    def _is_url(cls, text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{text!r} is no address; give one as http://127.0.0.1:8000/v1")
        return text


class EndSettings(BaseModel):
    """When your turn is over, as `[end]` in config.toml. Probabilities from 0 to 1, seconds of silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    likely: float = Field(0.5, ge=0, le=1, description="that you have finished: it prepares the answer")
    sure: float = Field(0.975, ge=0, le=1, description="that you have finished: it answers soon")
    soon: float = Field(0.5, ge=0.2, le=10, description="silence after which it answers then")
    late: float = Field(1.2, ge=0.2, le=10, description="silence after which it answers in any case")


class Settings(BaseSettings):
    """What a person can set; in the environment as HEADSTART_BRAIN and so on."""

    model_config = SettingsConfigDict(env_prefix="headstart_", toml_file=CONFIG, extra="forbid")

    brain: str = Field("local", description="who thinks: " + ", ".join(BRAINS))
    model: str | None = Field(None, description="the brain's model, where it has a choice")
    voice: Literal["model", "own"] = Field(
        "model", description="who speaks for a brain that can: its model, or the voice of this program"
    )
    hear: Literal["words", "sound"] = Field(
        "words", description="what such a brain answers from: the words, or also the sound of them"
    )
    speculator: str | None = Field(
        None, description="URL/MODEL of a chat endpoint that guesses instead of the brain itself"
    )
    budget: float | None = Field(
        None, ge=0, description="US dollars a session may cost before it stops guessing ahead"
    )
    openai: OpenAISettings = OpenAISettings()
    gemini: GeminiSettings = GeminiSettings()
    vllm: VllmSettings = VllmSettings()
    prices: dict[str, PriceSettings] = Field({}, description="for a model, by its name")
    mode: Mode = Field(Mode.SPECULATIVE, description="speculative, or sequential as the baseline")
    input: str | None = Field(None, description='"mic", or a sound file that is heard in real time')
    output: str | None = Field(None, description='"speaker", a WAV file, or "none"')
    microphone: str | None = Field(None, description="part of a device's name; see `headstart devices`")
    speaker: str | None = Field(None, description="part of a device's name; see `headstart devices`")
    asr_model: str | None = Field(
        None, description="a folder with a faster-whisper model, or the name of one that can be fetched"
    )
    language: str = Field("en", description="what you speak, as a code of Whisper's; it answers in English")
    end: EndSettings = EndSettings()
    echo: Echo = Field(
        Echo.CANCEL,
        description="cancel takes the assistant's voice out of what the microphone hears, half-duplex closes "
        "the microphone while it speaks, off trusts headphones; `headstart doctor` measures which will do",
    )
    push_to_talk: bool = Field(False, description="begin with the microphone closed; space opens it")
    theme: str | None = Field(None, description="colours of the screen; the key t goes through them")
    screen: bool = Field(True, description="the full-screen view, where there is a terminal")
    json_: bool = Field(False, alias="json", description="one event a line on stdout")
    record: Path | None = Field(None, description="write the event stream to this file")
    record_audio: bool = Field(False, description="what the microphone heard, beside that file")
    data: Path = Field(platformdirs.user_data_path("headstart"), description="folder of the store")
    demo_data: bool = Field(False, description="fill an empty store with an invented household")
    tool_delay: str = Field("0", description='seconds by which each call is slowed down: "0.5" or "0.5-1"')
    confirm_seconds: float = Field(10.0, gt=0, description="how long a question waits for its yes")
    call_seconds: float = Field(10.0, gt=0, description="how long one call may take")
    mcp: Path | None = Field(None, description='a JSON file with "mcpServers"')
    mcp_seconds: float = Field(15.0, gt=0, description="how long an MCP server may take to come up")
    tools: dict[str, ToolSettings] = Field({}, description="for a single tool, by its name")

    @field_validator("brain")
    @classmethod
    def _known_brain(cls, name: str) -> str:
        if name not in BRAINS:
            raise ValueError(f"there is no brain {name!r}; choose one of {', '.join(BRAINS)}")
        return name

    @field_validator("tool_delay")
    @classmethod
    def _range(cls, text: str) -> str:
        low, high = delay_range(text)
        if not 0 <= low <= high <= 60:
            raise ValueError(f"{text!r} is no delay; give seconds from 0 to 60, as in 0.5 or 0.5-1")
        return text

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, environment, config.toml, defaults."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def delay_range(text: str) -> tuple[float, float]:
    """The lowest and highest delay in seconds. Raises ValueError for text that is neither."""
    low, _, high = text.partition("-")
    try:
        return float(low), float(high or low)
    except ValueError:
        raise ValueError(f"{text!r} is no delay; give seconds as in 0.5 or 0.5-1") from None


Flag = str | bool | float | Path | None | Literal[""]


def load(**flags: Flag) -> Settings:
    """The settings, with every flag that is not None before all else. Raises SettingsError.

    `url` is that of the table `vllm`, and means a server, whatever that table runs inside.
    """
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    if "url" in given:
        given["vllm"] = {"url": given.pop("url"), "inside": None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        setting, *inside = map(str, first["loc"])
        name = ".".join([setting.replace("_", "-"), *inside])
        message = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"setting {name}: {message}") from None
    except ValueError as error:
        raise SettingsError(f"{CONFIG} cannot be read: {error}".splitlines()[0]) from None
