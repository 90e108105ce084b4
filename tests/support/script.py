"""What a scripted server is told to answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Reply(BaseModel):
    """One scripted answer."""

    model_config = ConfigDict(extra="forbid")

    match: str | None = None
    times: int | None = None
    text: str | None = None
    texts: list[str] | None = None
    """Samples for n > 1, cycled; `text` is repeated with `#i` left out."""
    ignore_n: bool = False
    """Answer one sample whatever `n` says; successive calls walk through `texts`."""
    tool_calls: list[dict[str, str]] = Field(default_factory=list)
    """Calls of every sample: id, name, arguments (as text, which need not parse)."""
    refuse: list[str] = Field(default_factory=list)
    """Request fields that get a 400 naming them, as servers without them answer."""
    finish_reason: str = "stop"
    usage: dict[str, Any] | None = Field(
        default_factory=lambda: {
            "prompt_tokens": 100,
            "completion_tokens": 10,
            "total_tokens": 110,
            "prompt_tokens_details": {"cached_tokens": 40},
        }
    )
    """Usage of one sample; completion_tokens is multiplied by the number of samples. None leaves it out."""
    status: int = 200
    headers: dict[str, str] = Field(default_factory=dict)
    code: str = ""
    """The server's own code of an error."""
    message: str = ""
    """Its words."""
    body: Any = None
    """Sent instead of a completion: a str as it is, anything else as JSON."""
    delay_s: float = 0.0
    mode: Literal["plain", "drip", "endless", "garbage", "reset", "half", "nothing"] = "plain"
    """drip: a byte (of a stream: a frame) every `drip_s`; endless: text without end; half: the body breaks off;
    nothing: an empty body."""
    drip_s: float = 0.05
    piece: int = 4
    """Characters in one frame of a stream."""
    frames: list[Any] | None = None
    """Frames of a stream instead of the shape's own; str or bytes."""
    keep_frames: int | None = None
    """A stream ends in good form after so many frames."""
    twice: bool = False
    """Every frame of a stream is sent twice."""
