"""The request of a chat completion: the few fields that decide who answers, and its reading for our own providers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError

from qlp.errors import InputError
from qlp.providers.protocol import ChatOptions, Image, Message, OutputSchema, Tool, ToolCall

_DATA_URL = re.compile(r"data:(?P<type>image/[a-z]+);base64,(?P<data>[A-Za-z0-9+/=\s]+)", re.ASCII)
_ROLES = {"developer": "system", "function": "tool"}
_OURS = frozenset({
    "model", "messages", "stream", "stream_options", "n", "temperature", "top_p", "max_tokens", "max_completion_tokens",
    "stop", "seed", "tools", "tool_choice", "response_format", "logprobs", "top_logprobs", "user", "metadata", "store",
})  # fmt: skip


@dataclass(frozen=True)
class ChatBody:
    """What came in, parsed once."""

    model: str
    stream: bool
    fields: dict[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return cast(list[dict[str, Any]], self.fields["messages"])

    @property
    def wants_usage(self) -> bool:
        options = self.fields.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True


def read_body(raw: bytes) -> ChatBody:
    """Raises InputError that names the field."""
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError):
        raise InputError("the body is not valid JSON") from None
    if not isinstance(fields, dict):
        raise InputError("the body is a JSON object")
    model, messages, stream = fields.get("model"), fields.get("messages"), fields.get("stream")
    if not isinstance(model, str) or not model:
        raise InputError("`model` names a model of GET /v1/models")
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        raise InputError("`messages` is a list of at least one message")
    if stream is not None and not isinstance(stream, bool):
        raise InputError("`stream` is true or false")
    return ChatBody(model=model, stream=bool(stream), fields=fields)


def contract_of(body: ChatBody, *, max_tokens: int, timeout_s: float) -> tuple[tuple[Message, ...], ChatOptions]:
    """The same for providers that speak another protocol. Raises InputError for what they cannot be told."""
    fields = body.fields
    try:
        messages = tuple(_message(message) for message in body.messages)
        tools = tuple(_tool(tool) for tool in fields.get("tools") or ())
        options = ChatOptions(
            n=fields.get("n") or 1,
            temperature=_or(fields.get("temperature"), 1.0),
            top_p=fields.get("top_p"),
            max_tokens=fields.get("max_completion_tokens") or fields.get("max_tokens") or max_tokens,
            stop=_stop(fields.get("stop")),
            seed=fields.get("seed"),
            tools=tools,
            tool_choice=_choice(fields.get("tool_choice")),
            output=_output(fields.get("response_format")),
            logprobs=(fields.get("top_logprobs") or 0) if fields.get("logprobs") else None,
            timeout_s=timeout_s,
            extra_body={name: value for name, value in fields.items() if name not in _OURS},
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise InputError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"the request is not as chat completions are: {type(error).__name__}: {error}") from None
    return messages, options


def text_of(message: dict[str, Any]) -> str:
    """The text of a message. Raises InputError for parts that are no text."""
    text, images = _content(message.get("content"))
    if images:
        raise InputError("a run takes text alone: pictures go to a model by its own name")
    return text


def _message(given: dict[str, Any]) -> Message:
    role = str(given.get("role"))
    text, images = _content(given.get("content"))
    calls = tuple(
        ToolCall(id=call["id"], name=call["function"]["name"], arguments=call["function"]["arguments"])
        for call in given.get("tool_calls") or ()
    )
    return Message(
        role=cast(Any, _ROLES.get(role, role)),
        content=text,
        images=images,
        tool_calls=calls,
        tool_call_id=given.get("tool_call_id"),
    )


def _content(content: Any) -> tuple[str, tuple[Image, ...]]:
    if content is None:
        return "", ()
    if isinstance(content, str):
        return content, ()
    if not isinstance(content, list):
        raise InputError("`content` of a message is a text or a list of parts")
    texts, images = [], []
    for part in content:
        match part:
            case {"type": "text", "text": str(text)}:
                texts.append(text)
            case {"type": "image_url", "image_url": {"url": str(url)}}:
                images.append(_image(url))
            case _:
                kind = part.get("type") if isinstance(part, dict) else type(part).__name__
                raise InputError(f"a part of type {kind!r} is not understood: text and image_url are")
    return "\n".join(texts), tuple(images)


def _image(url: str) -> Image:
    found = _DATA_URL.fullmatch(url)
    if found is None:
        raise InputError("a picture comes inside the request: image_url.url is data:image/png;base64,...")
    return Image(media_type=cast(Any, found["type"]), data=re.sub(r"\s", "", found["data"]))


def _tool(tool: dict[str, Any]) -> Tool:
    function = tool["function"]
    schema = {"parameters": function["parameters"]} if function.get("parameters") else {}
    return Tool(name=function["name"], description=function.get("description") or "", **schema)


def _choice(choice: Any) -> str:
    if isinstance(choice, dict):
        return str(choice["function"]["name"])
    return str(choice or "auto")


def _output(given: Any) -> OutputSchema | None:
    if not given or given["type"] == "text":
        return None
    if given["type"] == "json_object":
        return OutputSchema.model_validate({"schema": {"type": "object"}})
    described = given["json_schema"]
    return OutputSchema.model_validate({"name": described.get("name", "answer"), "schema": described["schema"]})


def _stop(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def _or(value: Any, otherwise: float) -> Any:
    return otherwise if value is None else value
