"""An answer in content blocks, as Anthropic and Bedrock send it: texts and tool calls by index, whole or in pieces."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from qlp.providers.protocol import ChatOptions, Tool, ToolCall
from qlp.providers.reply import Sample, plain
from qlp.providers.transport import ReplyTooLargeError

_ANSWER = "Gives the answer."


@dataclass
class _Block:
    kind: str
    id: str = ""
    name: str = ""
    parts: list[str] = field(default_factory=list)
    ended: bool = False

    @property
    def whole(self) -> str:
        return plain("".join(self.parts))


class Blocks:
    """Collects one sample. Structured output is asked for as the call of a tool named like the schema, since that is
    what every model with tools can do; its arguments are the text.

    A repeated start, and deltas after a block's end, are taken once: some gateways send events twice.
    """

    def __init__(self, options: ChatOptions, max_bytes: int) -> None:
        self._answer = options.output.name if options.output else None
        self._blocks: dict[int, _Block] = {}
        self._max = self._left = max_bytes

    def start(self, index: int, *, call: tuple[str, str] | None = None) -> None:
        """`call`: id and name of a tool call; None begins a text."""
        block = _Block("call", *call) if call else _Block("text")
        self._blocks.setdefault(index, block)

    def text(self, index: int, piece: str) -> str:
        """What of it may be shown at once; with structured output that is decided at the end."""
        if self._add(index, piece, "text") and self._answer is None:
            return plain(piece)
        return ""

    def arguments(self, index: int, piece: str) -> str:
        block = self._blocks.get(index)
        shown = bool(block and block.name == self._answer and self._answer and block is self._answered)
        return plain(piece) if self._add(index, piece, "call") and shown else ""

    def stop(self, index: int) -> None:
        if index in self._blocks:
            self._blocks[index].ended = True

    @property
    def empty(self) -> bool:
        return not self._blocks

    def late_text(self) -> str:
        """Text that was held back because an answer by call was expected and did not come."""
        return self._texts() if self._answer and self._answered is None else ""

    def sample(self, *, cut: bool, stop_reason: str, withheld: bool = False) -> Sample:
        answered = self._answered
        calls = [b for b in self._ordered() if b.kind == "call" and b is not answered and b.name != self._answer]
        if any(not b.name for b in calls):
            return Sample(why_empty="a tool call without a name")
        text = (answered.whole or "{}") if answered else self._texts()
        return Sample(
            text=text,
            cut=cut,
            tool_calls=tuple(
                ToolCall(id=b.id or f"call_{i}", name=b.name, arguments=b.whole or "{}") for i, b in enumerate(calls)
            ),
            why_empty="" if text.strip() or calls else f"stop reason {stop_reason[:40]}",
            withheld=withheld and not text.strip() and not calls,
        )

    def _add(self, index: int, piece: str, kind: str) -> bool:
        block = self._blocks.setdefault(index, _Block(kind))
        if block.ended or block.kind != kind:
            return False
        self._left -= len(piece)
        if self._left < 0:
            raise ReplyTooLargeError(f"an answer of more than {self._max} bytes")
        block.parts.append(piece)
        return True

    @property
    def _answered(self) -> _Block | None:
        """The first call of the answer's tool."""
        return next((b for b in self._ordered() if self._answer and b.name == self._answer), None)

    def _ordered(self) -> list[_Block]:
        return [block for _, block in sorted(self._blocks.items())]

    def _texts(self) -> str:
        return "".join(b.whole for b in self._ordered() if b.kind == "text")


def offered(options: ChatOptions) -> tuple[tuple[Tool, ...], str]:
    """The tools to offer, the answer's own included, and the choice among them."""
    if options.output is None:
        return options.tools, options.tool_choice
    answer = Tool(name=options.output.name, description=_ANSWER, parameters=options.output.schema_)
    if not options.tools or options.tool_choice == "none":
        return (*options.tools, answer), answer.name
    return (*options.tools, answer), "required" if options.tool_choice == "auto" else options.tool_choice


def call_input(arguments: str) -> dict[str, object]:
    """Arguments of an earlier call as the object that these providers want; what never was one is kept inside one."""
    try:
        value = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        value = arguments
    return value if isinstance(value, dict) else {"arguments": value}
