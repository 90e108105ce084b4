"""Reads the body of a chat completion, from servers that are right, sloppy or broken."""

from __future__ import annotations

import json
import math
from typing import Any

from qlp.providers.protocol import TokenLogprob, ToolCall
from qlp.providers.reply import QUOTE, Reply, Sample, a_count, a_list, an_object, bad, plain, reply_of

CUT = ("length", "content_filter", "max_tokens", "model_length")
"""Finish reasons of a sample that goes on no further than here, though it should."""


def read_reply(body: bytes, content_type: str = "", *, tools: bool = False) -> Reply:
    """Raises ProviderError(reason="bad_reply") for what is no chat completion. `tools`: some were offered."""
    data = read_json(body, content_type)
    if data.get("error"):
        raise bad(f"the reply carries an error with status 200: {str(data['error'])[:QUOTE]}")
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices:
        raise bad("the reply has no choices")
    return reply_of((_sample(choice, tools) for choice in choices), tools=tools, **read_usage(data.get("usage")))


def read_json(body: bytes, content_type: str) -> dict[str, Any]:
    """The object in a body. Raises ProviderError(reason="bad_reply") for anything else."""
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        start = body[:QUOTE].decode("utf-8", "replace")
        raise bad(f"the reply is not JSON ({content_type or 'no content type'}), it starts with {start!r}") from None
    if not isinstance(data, dict):
        raise bad(f"the reply is a JSON {type(data).__name__}, not an object")
    return data


def read_usage(value: object) -> dict[str, Any]:
    """Counts as the fields of Reply; cached tokens are named differently by DeepSeek and by gateways to Anthropic."""
    usage = an_object(value)
    prompt = an_object(usage.get("prompt_tokens_details"))
    cached = [prompt.get("cached_tokens"), usage.get("prompt_cache_hit_tokens"), usage.get("cache_read_input_tokens")]
    written = [prompt.get("cache_write_tokens"), prompt.get("cache_creation_tokens")]
    written.append(usage.get("cache_creation_input_tokens"))
    completion = an_object(usage.get("completion_tokens_details"))
    return {
        "input_tokens": a_count(usage.get("prompt_tokens")),
        "output_tokens": a_count(usage.get("completion_tokens")),
        "cached_tokens": next((c for value in cached if (c := a_count(value))), 0),
        "cache_write_tokens": next((c for value in written if (c := a_count(value))), 0),
        "reasoning_tokens": a_count(completion.get("reasoning_tokens")) or 0,
    }


def read_logprobs(value: object) -> tuple[TokenLogprob, ...]:
    """Of one choice; entries without a finite number are left out."""
    entries = a_list(an_object(value).get("content"))
    return tuple(
        TokenLogprob(
            token=plain(str(entry.get("token", ""))),
            logprob=entry["logprob"],
            top=tuple(
                (plain(str(top.get("token", ""))), float(top["logprob"]))
                for top in a_list(entry.get("top_logprobs"))
                if isinstance(top, dict) and _finite(top.get("logprob"))
            ),
        )
        for entry in entries
        if isinstance(entry, dict) and _finite(entry.get("logprob"))
    )


def text_of(content: object) -> str:
    """Some gateways answer with content parts."""
    if isinstance(content, list):
        content = "".join(p["text"] for p in content if isinstance(p, dict) and isinstance(p.get("text"), str))
    return content if isinstance(content, str) else ""


def arguments_of(value: object) -> str:
    """As the model wrote them; some servers send the object itself."""
    return plain(value) if isinstance(value, str) else json.dumps({} if value is None else value)


def finished(
    text: str,
    calls: list[ToolCall | None],
    finish: object,
    refusal: object = None,
    logprobs: tuple[TokenLogprob, ...] = (),
    *,
    tools: bool,
) -> Sample:
    """A sample from its parts; a call without a name (None) spoils it where `tools` were offered."""
    if None in calls and (tools or not text.strip()):
        return Sample(why_empty="a tool call without a name")
    if text.strip() or calls:
        named = tuple(call for call in calls if call is not None)
        return Sample(text=plain(text), cut=finish in CUT, tool_calls=named, logprobs=logprobs)
    if refusal:
        return Sample(why_empty=f"refused: {str(refusal)[:QUOTE]}", withheld=True)
    return Sample(why_empty=f"finish_reason {str(finish)[:40]}", withheld=finish == "content_filter")


def _sample(choice: object, tools: bool) -> Sample:
    given = an_object(choice)
    message = an_object(given.get("message"))
    calls = [_call(i, call) for i, call in enumerate(a_list(message.get("tool_calls")))]
    logprobs = read_logprobs(given.get("logprobs"))
    text = text_of(message.get("content"))
    return finished(text, calls, given.get("finish_reason"), message.get("refusal"), logprobs, tools=tools)


def _call(index: int, value: object) -> ToolCall | None:
    call = an_object(value)
    function = an_object(call.get("function"))
    name = function.get("name")
    if not isinstance(name, str) or not name:
        return None
    arguments = arguments_of(function.get("arguments"))
    return ToolCall(id=str(call.get("id") or f"call_{index}"), name=name, arguments=arguments)


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
