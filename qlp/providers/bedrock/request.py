"""A call as the parameters of Converse and ConverseStream."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from qlp.errors import ProviderError
from qlp.providers.blocks import call_input, offered
from qlp.providers.protocol import ChatOptions, Image, Message
from qlp.providers.sampling import Sampling
from qlp.providers.turns import Block, turns
from qlp.providers.wire import Ask

_EMPTY = "(empty)"
"""Result of a tool that said nothing: Converse refuses blank text."""


def converse_params(model: str, ask: Ask, sampling: Sampling) -> dict[str, Any]:
    """There is no seed: it is left out. Raises ProviderError for an image that is no base64."""
    options = ask.options
    system, messages = turns(ask.messages, _blocks, _mark)
    names = {"temperature": "temperature", "top_p": "topP"}
    inference: dict[str, Any] = {"maxTokens": options.max_tokens}
    inference |= {names[name]: value for name, value in sampling.fields(options).items()}
    if options.stop:
        inference["stopSequences"] = list(options.stop)
    params: dict[str, Any] = {"modelId": model, "messages": messages, "inferenceConfig": inference}
    if system:
        params["system"] = system
    if config := _tool_config(options, ask.messages):
        params["toolConfig"] = config
    if options.extra_body:
        params["additionalModelRequestFields"] = dict(options.extra_body)
    return params


def _tool_config(options: ChatOptions, messages: tuple[Message, ...]) -> dict[str, Any]:
    tools, choice = offered(options)
    used = any(m.tool_calls for m in messages)
    if not tools or (choice == "none" and not used):
        return {}
    specs = [
        {
            "toolSpec": {
                "name": t.name,
                **({"description": t.description} if t.description else {}),
                "inputSchema": {"json": t.parameters},
            }
        }
        for t in tools
    ]
    # Converse has no "none", and wants the tools of calls that are part of the conversation.
    kinds: dict[str, dict[str, Any]] = {"auto": {"auto": {}}, "none": {"auto": {}}, "required": {"any": {}}}
    return {"tools": specs, "toolChoice": kinds.get(choice, {"tool": {"name": choice}})}


def _blocks(message: Message) -> list[Block]:
    if message.role == "tool":
        text = message.content if message.content.strip() else _EMPTY
        return [{"toolResult": {"toolUseId": message.tool_call_id or "", "content": [{"text": text}]}}]
    text_blocks: list[Block] = [{"text": message.content}] if message.content.strip() else []
    images = [_image(image) for image in message.images]
    calls = [
        {"toolUse": {"toolUseId": c.id, "name": c.name, "input": call_input(c.arguments)}} for c in message.tool_calls
    ]
    return [*images, *text_blocks, *calls]


def _image(image: Image) -> Block:
    try:
        data = base64.b64decode(image.data, validate=True)
    except (ValueError, binascii.Error):
        raise ProviderError("an image of the request is not base64", reason="refused") from None
    return {"image": {"format": image.media_type.removeprefix("image/"), "source": {"bytes": data}}}


def _mark(blocks: list[Block]) -> list[Block]:
    return [*blocks, {"cachePoint": {"type": "default"}}]
