"""What one answer of the shell agent asks for: a command, files, or the end. Everything else is a typed bad turn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, NamedTuple

from qlp.agents.fences import MAX_BYTES, Block, oversized, path_of, read_blocks
from qlp.agents.paths import clean_path
from qlp.models._base import Frozen
from qlp.providers.protocol import ToolCall

BadTurnKind = Literal[
    "empty", "no_action", "several", "mixed", "unclosed", "bad_path", "too_large", "bad_tool_call", "bad_command"
]
_SHELLS = ("bash", "sh", "shell", "console")
_COMMAND_CHARS = 20_000
TOOL = "bash"


class Draft(NamedTuple):
    """A block that names a file: its whole content, or search/replace edits."""

    path: str
    lines: list[str]


class Turn(NamedTuple):
    """Files are written first, then the command runs."""

    command: str = ""
    drafts: tuple[Draft, ...] = ()
    done: bool = False


class BadTurn(Frozen):
    """Why an answer asks for nothing that can be done; `detail` is fed back to the model."""

    kind: BadTurnKind
    detail: str


def read_turn(text: str, tool_calls: Sequence[ToolCall] = (), *, max_tokens: int) -> Turn | BadTurn:
    """One bash block (or one call of a tool named `bash`), files in blocks with a path, or a `done` block."""
    large = oversized(text, max_tokens)
    if large is not None:
        return BadTurn(kind="too_large", detail=large.detail)
    if tool_calls:
        return _read_call(tool_calls)
    if not text.strip():
        return BadTurn(kind="empty", detail="the answer is empty")
    commands: list[str] = []
    drafts: list[Draft] = []
    done = False
    for block in read_blocks(text):
        word = block.info.split(maxsplit=1)[0].lower() if block.info.strip() else ""
        plain = "path=" not in block.info
        if not block.closed:
            return BadTurn(kind="unclosed", detail="the last block breaks off; answer with less at a time")
        if word in _SHELLS and plain:
            commands.append("\n".join(block.lines))
        elif word == "done" and plain:
            done = True
        else:
            draft = _draft(block)
            if isinstance(draft, BadTurn):
                return draft
            drafts += [draft] if draft else []
    return _turn(commands, drafts, done=done)


def _turn(commands: list[str], drafts: list[Draft], *, done: bool) -> Turn | BadTurn:
    if len(commands) > 1:
        return BadTurn(kind="several", detail=f"{len(commands)} bash blocks; one command a turn, then wait for it")
    if done and (commands or drafts):
        return BadTurn(kind="mixed", detail="a done block stands alone: do the last step first and look at its result")
    if not (commands or drafts or done):
        return BadTurn(kind="no_action", detail="no bash block, no block with a path, no done block")
    if commands and (problem := _command(commands[0])):
        return problem
    return Turn(command=commands[0] if commands else "", drafts=tuple(drafts), done=done)


def _command(command: str) -> BadTurn | None:
    if not command.strip():
        return BadTurn(kind="bad_command", detail="the command is empty")
    if len(command) > _COMMAND_CHARS or "\0" in command:
        return BadTurn(
            kind="bad_command",
            detail=f"a command has at most {_COMMAND_CHARS} characters, no NUL; put long files in blocks with a path",
        )
    return None


def _draft(block: Block) -> Draft | BadTurn | None:
    """None for a snippet that names no file."""
    raw, lines = path_of(block, ())
    if raw is None:
        return None
    path = clean_path(raw)
    if path is None:
        return BadTurn(kind="bad_path", detail=f"{raw[:120]!r} is not a path inside the project")
    if sum(len(line) + 1 for line in lines) > MAX_BYTES:
        return BadTurn(kind="too_large", detail=f"{path} has more than {MAX_BYTES} bytes")
    return Draft(path, lines)


def _read_call(calls: Sequence[ToolCall]) -> Turn | BadTurn:
    if len(calls) > 1:
        return BadTurn(kind="several", detail=f"{len(calls)} tool calls; one command a turn, then wait for it")
    call = calls[0]
    if call.name != TOOL:
        return BadTurn(kind="bad_tool_call", detail=f"there is no tool {call.name[:60]!r}, only {TOOL}")
    try:
        arguments = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return BadTurn(kind="bad_tool_call", detail="the arguments of the tool call are no JSON")
    command = arguments.get("command") if isinstance(arguments, dict) else None
    if not isinstance(command, str):
        return BadTurn(kind="bad_tool_call", detail='the tool takes {"command": "..."}')
    return _command(command) or Turn(command=command)
