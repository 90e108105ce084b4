"""What one HTTP answer holds, whoever sent it; the readers of each provider fill it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from qlp.errors import ProviderError
from qlp.models import Usage
from qlp.models._base import Frozen
from qlp.providers.protocol import TokenLogprob, ToolCall

BAD_REPLY = "bad_reply"
"""`extra["reason"]` of a ProviderError for an answer that is no answer: the endpoint works, the turn is lost."""
CONTENT_POLICY = "content_policy"
"""`extra["reason"]` of a ProviderError for an answer that the provider's rules or the model withheld."""
QUOTE = 200
"""Characters of a server's text that an error repeats."""


class Sample(Frozen):
    """One answer. `why_empty` says why there is neither text nor a call, `withheld` that it was a refusal."""

    text: str = ""
    cut: bool = False
    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    why_empty: str = ""
    withheld: bool = False


class Reply(Frozen):
    """One HTTP answer. Token counts are None where the server did not report them."""

    samples: tuple[Sample, ...]
    """Those with a text, or with calls of tools that were offered."""
    choices: int
    """Samples that the server sent, empty ones included: what is missing from `n` was ignored."""
    input_tokens: int | None = None
    """Cached ones included."""
    output_tokens: int | None = None
    """Reasoning included."""
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    why_empty: str = ""
    """Why there is no sample at all; such a reply was paid for all the same."""
    reason: Literal["bad_reply", "content_policy"] = "bad_reply"
    """Of a reply without samples."""


def reply_of(samples: Iterable[Sample], *, tools: bool, **counts: Any) -> Reply:
    """Sorts the usable samples from the empty ones. `tools`: some were offered, so calls are answers."""
    given = tuple(samples)
    usable = tuple(
        s if tools else s.model_copy(update={"tool_calls": ()})
        for s in given
        if s.text.strip() or (tools and s.tool_calls)
    )
    if usable:
        return Reply(samples=usable, choices=len(given), **counts)
    first = given[0] if given else Sample(why_empty="no choices")
    why = first.why_empty
    if first.tool_calls and not tools:
        why = "it calls tools, none were offered"
    return Reply(
        samples=(),
        choices=len(given),
        why_empty=why or "empty text",
        reason="content_policy" if any(s.withheld for s in given) else "bad_reply",
        **counts,
    )


def usage_of(error: ProviderError) -> Usage:
    """What a failed call is known to have cost; nothing for errors before an answer."""
    usage = error.extra.get("usage")
    return Usage.model_validate(usage) if usage else Usage()


def bad(detail: str) -> ProviderError:
    return ProviderError(detail, reason=BAD_REPLY)


def plain(text: str) -> str:
    """A lone surrogate is legal JSON and cannot be written to a file."""
    return text.encode("utf-8", "replace").decode("utf-8")


def an_object(value: object) -> dict[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def a_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def a_count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
