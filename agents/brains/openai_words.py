"""What went wrong with OpenAI, in words for the person who talks."""

from __future__ import annotations

from agents.brain import BrainError
from agents.brains.realtime_response import LinkLost, ResponseFailed

_CODES = {
    "insufficient_quota": "The OpenAI account has no credit left; add some at platform.openai.com.",
    "rate_limit_exceeded": "OpenAI is not taking more requests from this account just now; try again soon.",
    "invalid_api_key": "OpenAI does not accept the key in OPENAI_API_KEY; check it.",
    "max_output_tokens": "OpenAI's answer became too long and was broken off.",
    "content_filter": "OpenAI's filter has held the answer back.",
}


def refused(status: int, model: str) -> str | None:
    """Why a request was refused for good, by its HTTP status; None where another try may help."""
    match status:
        case 401:
            return _CODES["invalid_api_key"]
        case 403 | 404:
            return f"OpenAI has no model {model} for this key; choose another with --model."
        case 400:
            return f"OpenAI does not take this request for {model}; another version may, try --model."
        case _:
            return None


def lost(error: LinkLost, model: str) -> BrainError:
    """Why there is no connection."""
    if error.status is not None and (why := refused(error.status, model)) is not None:
        return BrainError(why)
    if error.status == 429:
        return BrainError(_CODES["rate_limit_exceeded"])
    if error.code in _CODES:
        return BrainError(_CODES[error.code])
    if error.status is not None:
        return BrainError(f"OpenAI is out of order just now (status {error.status}); try again in a minute.")
    return BrainError("There is no connection to OpenAI; check the network.")


def failed(error: ResponseFailed) -> BrainError:
    """Why a response came to nothing."""
    return BrainError(_CODES.get(error.code, "OpenAI could not answer; say it again, please."))
