"""What a scripted reply looks like at each provider: paths, bodies, the framing of streams, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Protocol

from tests.support.event_stream import encode
from tests.support.script import Reply


class Shape(Protocol):
    stream_type: str

    def serves(self, path: str, headers: dict[str, str]) -> str | None:
        """None if it does; else what is wrong with the request, which gets a 404 saying so."""

    def streams(self, path: str, body: dict[str, Any]) -> bool: ...

    def whole(self, reply: Reply, texts: list[str], body: dict[str, Any]) -> dict[str, Any]: ...

    def frames(self, reply: Reply, texts: list[str], body: dict[str, Any]) -> list[bytes]: ...

    def error(self, status: int, message: str, code: str, param: str | None) -> tuple[dict[str, Any], dict[str, str]]:
        """Body and headers."""

    def endless(self) -> tuple[bytes, bytes]:
        """First frame, and one of text to be sent for ever."""


class OpenAIShape:
    stream_type = "text/event-stream"

    def serves(self, path: str, headers: dict[str, str]) -> str | None:
        return None if path.endswith("/chat/completions") else f"no such path {path}"

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return bool(body.get("stream"))

    def whole(self, reply: Reply, texts: list[str], body: dict[str, Any]) -> dict[str, Any]:
        usage = _times(reply, len(texts))
        return {
            "id": "chatcmpl-scripted",
            "object": "chat.completion",
            "created": 0,
            "model": body.get("model"),
            "choices": [
                {
                    "index": i,
                    "message": {"role": "assistant", "content": text or None if reply.tool_calls else text}
                    | ({"tool_calls": [_openai_call(c) for c in reply.tool_calls]} if reply.tool_calls else {}),
                    "finish_reason": reply.finish_reason,
                    **({"logprobs": {"content": _logprobs(text)}} if body.get("logprobs") else {}),
                }
                for i, text in enumerate(texts)
            ],
            **({"usage": usage} if usage else {}),
        }

    def frames(self, reply: Reply, texts: list[str], body: dict[str, Any]) -> list[bytes]:
        found = [self._chunk(i, {"role": "assistant", "content": ""}) for i in range(len(texts))]
        for i, text in enumerate(texts):
            for piece in pieces(text, reply.piece):
                extra = {"logprobs": {"content": _logprobs(piece)}} if body.get("logprobs") else {}
                found.append(self._chunk(i, {"content": piece}, **extra))
            for at, call in enumerate(reply.tool_calls):
                head = {"index": at, "id": call["id"], "type": "function"}
                found.append(
                    self._chunk(i, {"tool_calls": [{**head, "function": {"name": call["name"], "arguments": ""}}]})
                )
                for piece in pieces(call["arguments"], reply.piece):
                    found.append(self._chunk(i, {"tool_calls": [{"index": at, "function": {"arguments": piece}}]}))
        found += [self._chunk(i, {}, finish_reason=reply.finish_reason) for i in range(len(texts))]
        if (body.get("stream_options") or {}).get("include_usage") and reply.usage:
            found.append(_sse({"choices": [], "usage": _times(reply, len(texts))}))
        return [*found, b"data: [DONE]\n\n"]

    def error(self, status: int, message: str, code: str, param: str | None) -> tuple[dict[str, Any], dict[str, str]]:
        return {"error": {"message": message, "type": "scripted", "code": code or None, "param": param}}, {}

    def endless(self) -> tuple[bytes, bytes]:
        return self._chunk(0, {"role": "assistant"}), self._chunk(0, {"content": "all work and no play " * 20})

    def _chunk(self, index: int, delta: dict[str, Any], **choice: Any) -> bytes:
        entry = {"index": index, "delta": delta, "finish_reason": None, **choice}
        return _sse({"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "choices": [entry]})


class AzureShape(OpenAIShape):
    def serves(self, path: str, headers: dict[str, str]) -> str | None:
        place, _, query = path.partition("?")
        if not (place.startswith("/openai/deployments/") and place.endswith("/chat/completions")):
            return f"Resource not found: {place}"
        if "api-version=" not in query:
            return "api-version is missing"
        return None if headers.get("api-key") else "api-key is missing"


class AnthropicShape:
    stream_type = "text/event-stream"

    def serves(self, path: str, headers: dict[str, str]) -> str | None:
        if path.partition("?")[0] != "/v1/messages":
            return f"no such path {path}"
        return None if headers.get("anthropic-version") else "anthropic-version is missing"

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return bool(body.get("stream"))

    def whole(self, reply: Reply, texts: list[str], body: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": "msg_scripted",
            "type": "message",
            "role": "assistant",
            "model": body.get("model"),
            "content": list(self._content(reply, texts[0], body)),
            "stop_reason": self._stop(reply),
            "stop_sequence": None,
            **({"usage": _anthropic_usage(reply)} if reply.usage else {}),
        }

    def frames(self, reply: Reply, texts: list[str], body: dict[str, Any]) -> list[bytes]:
        usage = _anthropic_usage(reply)
        start = {"type": "message", "role": "assistant", "content": [], "usage": {**usage, "output_tokens": 1}}
        found = [_event({"type": "message_start", "message": start}), _event({"type": "ping"})]
        for index, block in enumerate(self._content(reply, texts[0], body)):
            if block["type"] == "text":
                empty = {"type": "text", "text": ""}
                deltas = [{"type": "text_delta", "text": p} for p in pieces(block["text"], reply.piece)]
            else:
                empty = {**block, "input": {}}
                raw = block.get("_raw", json.dumps(block["input"]))
                deltas = [{"type": "input_json_delta", "partial_json": p} for p in ["", *pieces(raw, reply.piece)]]
            empty.pop("_raw", None)
            found.append(_event({"type": "content_block_start", "index": index, "content_block": empty}))
            found += [_event({"type": "content_block_delta", "index": index, "delta": d}) for d in deltas]
            found.append(_event({"type": "content_block_stop", "index": index}))
        delta = {"stop_reason": self._stop(reply), "stop_sequence": None}
        end = {"type": "message_delta", "delta": delta}
        found.append(_event(end | ({"usage": {"output_tokens": usage["output_tokens"]}} if usage else {})))
        return [*found, _event({"type": "message_stop"})]

    def error(self, status: int, message: str, code: str, param: str | None) -> tuple[dict[str, Any], dict[str, str]]:
        return {"type": "error", "error": {"type": code or "invalid_request_error", "message": message}}, {}

    def endless(self) -> tuple[bytes, bytes]:
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        delta = {"type": "text_delta", "text": "all work and no play " * 20}
        return _event(block), _event({"type": "content_block_delta", "index": 0, "delta": delta})

    def _content(self, reply: Reply, text: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        answer = _named(body.get("tool_choice"))
        if text and answer and not reply.tool_calls:
            yield {"type": "tool_use", "id": "toolu_answer", "name": answer, "input": json.loads(text)}
            return
        if text:
            yield {"type": "text", "text": text}
        for call in reply.tool_calls:
            parsed = _parsed(call["arguments"])
            raw = {} if isinstance(parsed, dict) else {"_raw": call["arguments"]}
            yield {"type": "tool_use", "id": call["id"], "name": call["name"], "input": parsed or {}, **raw}

    def _stop(self, reply: Reply) -> str:
        known = {"length": "max_tokens", "content_filter": "refusal", "tool_calls": "tool_use", "stop": "end_turn"}
        return known.get(reply.finish_reason, reply.finish_reason)


class BedrockShape:
    stream_type = "application/vnd.amazon.eventstream"

    def serves(self, path: str, headers: dict[str, str]) -> str | None:
        if not (path.startswith("/model/") and path.endswith(("/converse", "/converse-stream"))):
            return f"no such path {path}"
        auth = headers.get("authorization", "")
        return None if auth.startswith(("AWS4-HMAC-SHA256 ", "Bearer ")) else "the request is not signed"

    def streams(self, path: str, body: dict[str, Any]) -> bool:
        return path.endswith("/converse-stream")

    def whole(self, reply: Reply, texts: list[str], body: dict[str, Any]) -> dict[str, Any]:
        return {
            "output": {"message": {"role": "assistant", "content": list(self._content(reply, texts[0], body))}},
            "stopReason": self._stop(reply),
            "metrics": {"latencyMs": 1},
            **({"usage": self._usage(reply)} if reply.usage else {}),
        }

    def frames(self, reply: Reply, texts: list[str], body: dict[str, Any]) -> list[bytes]:
        found = [encode("messageStart", {"role": "assistant"})]
        for index, block in enumerate(self._content(reply, texts[0], body)):
            at = {"contentBlockIndex": index}
            if "text" in block:
                deltas: list[dict[str, Any]] = [{"text": p} for p in pieces(block["text"], reply.piece)]
            else:
                use = block["toolUse"]
                start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
                found.append(encode("contentBlockStart", {**at, "start": start}))
                raw = use.get("_raw", json.dumps(use["input"]))
                deltas = [{"toolUse": {"input": p}} for p in pieces(raw, reply.piece)]
            found += [encode("contentBlockDelta", {**at, "delta": d, "p": "abc"}) for d in deltas]
            found.append(encode("contentBlockStop", at))
        found.append(encode("messageStop", {"stopReason": self._stop(reply)}))
        if reply.usage:
            found.append(encode("metadata", {"usage": self._usage(reply), "metrics": {"latencyMs": 1}}))
        return found

    def error(self, status: int, message: str, code: str, param: str | None) -> tuple[dict[str, Any], dict[str, str]]:
        known = {429: "ThrottlingException", 403: "AccessDeniedException", 404: "ResourceNotFoundException"}
        name = code or known.get(status, "ValidationException" if status == 400 else "")
        return {"message": message}, {"x-amzn-errortype": f"{name}:http://internal.amazon.com/"} if name else {}

    def endless(self) -> tuple[bytes, bytes]:
        delta = {"contentBlockIndex": 0, "delta": {"text": "all work and no play " * 20}}
        return encode("messageStart", {"role": "assistant"}), encode("contentBlockDelta", delta)

    def _content(self, reply: Reply, text: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        answer = _named((body.get("toolConfig") or {}).get("toolChoice", {}).get("tool"))
        if text and answer and not reply.tool_calls:
            yield {"toolUse": {"toolUseId": "tooluse_answer", "name": answer, "input": json.loads(text)}}
            return
        if text:
            yield {"text": text}
        for call in reply.tool_calls:
            parsed = _parsed(call["arguments"])
            raw = {} if isinstance(parsed, dict) else {"_raw": call["arguments"]}
            yield {"toolUse": {"toolUseId": call["id"], "name": call["name"], "input": parsed or {}, **raw}}

    def _stop(self, reply: Reply) -> str:
        known = {
            "length": "max_tokens",
            "content_filter": "content_filtered",
            "tool_calls": "tool_use",
            "stop": "end_turn",
        }
        return known.get(reply.finish_reason, reply.finish_reason)

    def _usage(self, reply: Reply) -> dict[str, Any]:
        usage = reply.usage or {}
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        return {
            "inputTokens": usage["prompt_tokens"] - cached,
            "outputTokens": usage["completion_tokens"],
            "totalTokens": usage["total_tokens"],
            "cacheReadInputTokens": cached,
            "cacheWriteInputTokens": 0,
        }


def pieces(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def _times(reply: Reply, n: int) -> dict[str, Any] | None:
    return reply.usage and {**reply.usage, "completion_tokens": reply.usage["completion_tokens"] * n}


def _anthropic_usage(reply: Reply) -> dict[str, Any]:
    if not reply.usage:
        return {}
    cached = reply.usage["prompt_tokens_details"]["cached_tokens"]
    return {
        "input_tokens": reply.usage["prompt_tokens"] - cached,
        "output_tokens": reply.usage["completion_tokens"],
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
    }


def _openai_call(call: dict[str, str]) -> dict[str, Any]:
    return {
        "id": call["id"],
        "type": "function",
        "function": {"name": call["name"], "arguments": call["arguments"]},
    }


def _logprobs(text: str) -> list[dict[str, Any]]:
    tops = [{"token": text, "logprob": -0.25}, {"token": "other", "logprob": -2.5}]
    return [{"token": text, "logprob": -0.25, "top_logprobs": tops}]


def _named(choice: Any) -> str | None:
    return choice.get("name") if isinstance(choice, dict) else None


def _parsed(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return None


def _sse(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def _event(data: dict[str, Any]) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


SHAPES: dict[str, Shape] = {
    "openai": OpenAIShape(),
    "azure": AzureShape(),
    "anthropic": AnthropicShape(),
    "bedrock": BedrockShape(),
}
