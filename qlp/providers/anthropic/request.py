"""A call as the Messages API writes it."""

from __future__ import annotations

from typing import Any

from qlp.providers.blocks import call_input, offered
from qlp.providers.protocol import ChatOptions, Message
from qlp.providers.sampling import Sampling
from qlp.providers.turns import Block, turns
from qlp.providers.wire import Ask


def request_body(ask: Ask, sampling: Sampling, *, stream: bool) -> dict[str, Any]:
    """All request fields but the model. There is no seed: it is left out."""
    options = ask.options
    system, messages = turns(ask.messages, _blocks, _mark)
    body: dict[str, Any] = {"messages": messages, "max_tokens": options.max_tokens, **sampling.fields(options)}
    if system:
        body["system"] = system
    if options.stop:
        body["stop_sequences"] = list(options.stop)
    if stream:
        body["stream"] = True
    return {**body, **_tools(options), **options.extra_body}


def _tools(options: ChatOptions) -> dict[str, Any]:
    tools, choice = offered(options)
    if not tools:
        return {}
    kinds = {"auto": "auto", "none": "none", "required": "any"}
    return {
        "tools": [{"name": t.name, "description": t.description, "input_schema": t.parameters} for t in tools],
        "tool_choice": {"type": kinds[choice]} if choice in kinds else {"type": "tool", "name": choice},
    }


def _blocks(message: Message) -> list[Block]:
    """Empty texts are left out: the API refuses them."""
    if message.role == "tool":
        result = {"type": "tool_result", "tool_use_id": message.tool_call_id or ""}
        return [{**result, **({"content": message.content} if message.content else {})}]
    text = [{"type": "text", "text": message.content}] if message.content.strip() else []
    images = [
        {"type": "image", "source": {"type": "base64", "media_type": i.media_type, "data": i.data}}
        for i in message.images
    ]
    calls = [
        {"type": "tool_use", "id": c.id, "name": c.name, "input": call_input(c.arguments)} for c in message.tool_calls
    ]
    return [*images, *text, *calls]


def _mark(blocks: list[Block]) -> list[Block]:
    return [*blocks[:-1], {**blocks[-1], "cache_control": {"type": "ephemeral"}}]
