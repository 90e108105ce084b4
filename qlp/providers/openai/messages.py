"""Messages, tools and schemas as chat completions write them."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from qlp.providers.protocol import ChatOptions, Message, OutputSchema, Tool


def wire_messages(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    return [_message(m) for m in messages]


def wire_tools(options: ChatOptions) -> dict[str, Any]:
    """Fields `tools` and `tool_choice`; none if no tools are offered."""
    if not options.tools:
        return {}
    choice = options.tool_choice
    named = choice not in ("auto", "none", "required")
    return {
        "tools": [_tool(tool) for tool in options.tools],
        "tool_choice": {"type": "function", "function": {"name": choice}} if named else choice,
    }


def json_schema_format(output: OutputSchema) -> dict[str, Any]:
    schema = output.schema_
    return {
        "type": "json_schema",
        "json_schema": {"name": output.name, "schema": schema, "strict": is_strict(schema)},
    }


def schema_message(output: OutputSchema) -> dict[str, Any]:
    """What a server without json_schema is told instead."""
    return {"role": "system", "content": f"{_schema_text()}\n{json.dumps(output.schema_)}"}


def is_strict(schema: Any) -> bool:
    """Whether OpenAI takes it as `strict`: every object closed, every property required."""
    if isinstance(schema, list):
        return all(is_strict(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or set(schema.get("required", [])) != set(properties):
            return False
    return all(is_strict(value) for value in schema.values())


def cache_key(messages: tuple[Message, ...]) -> str | None:
    """Names the prefix that will come again (field `prompt_cache_key`); None if no message says so."""
    last = max((i for i, m in enumerate(messages) if m.cache), default=None)
    if last is None:
        return None
    prefix = json.dumps([m.model_dump(mode="json") for m in messages[: last + 1]])
    return "qlp-" + hashlib.sha256(prefix.encode("utf-8", "replace")).hexdigest()[:32]


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id or "", "content": message.content}
    if message.tool_calls:
        return {
            "role": "assistant",
            "content": message.content or None,
            "tool_calls": [
                {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
                for c in message.tool_calls
            ],
        }
    if message.images:
        pictures = [
            {"type": "image_url", "image_url": {"url": f"data:{i.media_type};base64,{i.data}"}} for i in message.images
        ]
        text = [{"type": "text", "text": message.content}] if message.content else []
        return {"role": message.role, "content": [*text, *pictures]}
    return {"role": message.role, "content": message.content}


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


@cache
def _schema_text() -> str:
    return (files("qlp.providers") / "data" / "json_schema.txt").read_text("utf-8").strip()
