"""Joins the chunks of a streamed chat completion to the reply that they are pieces of."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from qlp.providers.faults import Fault, Faulted, status_fault, truncated
from qlp.providers.openai.reply import arguments_of, finished, read_logprobs, read_usage, text_of
from qlp.providers.protocol import TokenLogprob, ToolCall
from qlp.providers.reply import QUOTE, Reply, Sample, a_count, a_list, an_object, bad, plain, reply_of
from qlp.providers.transport import ReplyTooLargeError
from qlp.providers.wire import Ask, Piece

DONE = "[DONE]"
_LOGPROB = 40
"""What one log-probability counts against the size of an answer."""
_TRANSIENT = re.compile(r"overload|server_error|unavailable|time.?out|internal", re.IGNORECASE)


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


@dataclass
class _Choice:
    text: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls: dict[int, _Call] = field(default_factory=dict)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    finish: str | None = None


class StreamedReply:
    """Feed it the data of each event, then ask for `reply`. Errors in the stream leave as `Faulted`.

    What a repeated chunk would spoil is taken once: the name of a call, everything after a choice's end, the usage.
    A repeated chunk of text alone cannot be told from a model that repeats itself.
    """

    def __init__(self, ask: Ask, where: str, max_bytes: int) -> None:
        self._n = ask.n
        self._tools = bool(ask.options.tools)
        self._where = where
        self._left = max_bytes
        self._max = max_bytes
        self._choices: dict[int, _Choice] = {}
        self._usage: object = None
        self.done = False

    def add(self, data: str) -> list[Piece]:
        """Raises ProviderError, Faulted and ReplyTooLargeError."""
        if data.strip() == DONE:
            self.done = True
            return []
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            raise bad(f"the stream holds an event that is not JSON, it starts with {data[:QUOTE]!r}") from None
        if not isinstance(chunk, dict):
            raise bad(f"the stream holds a JSON {type(chunk).__name__}, not an object")
        if chunk.get("error"):
            raise Faulted(self._error(chunk["error"]))
        self._usage = chunk.get("usage") or self._usage
        return [piece for choice in a_list(chunk.get("choices")) if (piece := self._choice(an_object(choice)))]

    def reply(self) -> Reply:
        """Raises ProviderError if nothing came, Faulted if the end is missing."""
        choices = [self._choices[i] for i in sorted(self._choices)]
        if not self.done and not (choices and all(c.finish for c in choices)):
            raise Faulted(truncated(self._where))
        if not choices:
            raise bad("the reply has no choices")
        return reply_of((self._sample(c) for c in choices), tools=self._tools, **read_usage(self._usage))

    def _choice(self, given: dict[str, Any]) -> Piece | None:
        index = a_count(given.get("index")) or 0
        if index >= self._n:
            return None
        choice = self._choices.setdefault(index, _Choice())
        if choice.finish:
            return None
        delta = an_object(given.get("delta"))
        text = text_of(delta.get("content"))
        logprobs = read_logprobs(given.get("logprobs"))
        refusal = delta["refusal"] if isinstance(delta.get("refusal"), str) else ""
        choice.text.append(text)
        choice.refusal.append(refusal)
        arguments = sum(_join(choice.calls, an_object(call)) for call in a_list(delta.get("tool_calls")))
        choice.logprobs += logprobs
        self._left -= len(text) + len(refusal) + arguments + _LOGPROB * sum(1 + len(entry.top) for entry in logprobs)
        if self._left < 0:
            raise ReplyTooLargeError(f"a stream of more than {self._max} bytes")
        if given.get("finish_reason"):
            choice.finish = str(given["finish_reason"])
        return Piece(plain(text), index) if text else None

    def _sample(self, choice: _Choice) -> Sample:
        calls = [
            ToolCall(id=c.id or f"call_{i}", name=c.name, arguments=plain("".join(c.arguments))) if c.name else None
            for i, c in sorted(choice.calls.items())
        ]
        refusal = "".join(choice.refusal)
        return finished("".join(choice.text), calls, choice.finish, refusal, tuple(choice.logprobs), tools=self._tools)

    def _error(self, error: object) -> Fault:
        given = an_object(error)
        said = str(given.get("message") or error)[:QUOTE]
        code = given.get("code")
        if isinstance(code, int) and 400 <= code < 600:
            return status_fault(code, said, self._where)
        if _TRANSIENT.search(f"{given.get('type')} {code}"):
            return status_fault(503, said, self._where)
        return Fault(bad(f"{self._where}: the stream carries an error: {said}"))


def _join(calls: dict[int, _Call], delta: dict[str, Any]) -> int:
    """Characters that it added. A call's first delta has id and name, the others pieces of the arguments; some servers
    leave `index` out."""
    index = a_count(delta.get("index"))
    given_id = str(delta.get("id") or "")
    if index is None:
        known = next((i for i, c in calls.items() if given_id and c.id == given_id), None)
        index = known if known is not None else (len(calls) if given_id or not calls else max(calls))
    call = calls.setdefault(index, _Call())
    call.id = call.id or given_id
    function = an_object(delta.get("function"))
    call.name = call.name or str(function.get("name") or "")
    if function.get("arguments") is None:
        return 0
    call.arguments.append(arguments_of(function["arguments"]))
    return len(call.arguments[-1])
