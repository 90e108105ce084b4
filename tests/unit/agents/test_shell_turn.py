"""What an answer of the shell agent asks for, or why it asks for nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qlp.agents.shell.turn import BadTurn, Turn, read_turn
from qlp.providers.protocol import ToolCall

pytestmark = pytest.mark.unit


def read(text: str, *calls: ToolCall) -> Turn | BadTurn:
    return read_turn(text, calls, max_tokens=1000)


def call(arguments: str, name: str = "bash") -> ToolCall:
    return ToolCall(id="1", name=name, arguments=arguments)


def test_one_command() -> None:
    turn = read("I look first.\n```bash\nls -la\ncat a.py\n```\nThen more.")
    assert turn == Turn(command="ls -la\ncat a.py")


def test_files_and_then_a_command() -> None:
    turn = read("````python path=src/a.py\nA = 1\n````\n```sh\npython3 src/a.py\n```")
    assert isinstance(turn, Turn)
    assert [(d.path, d.lines) for d in turn.drafts] == [("src/a.py", ["A = 1"])]
    assert turn.command == "python3 src/a.py"


def test_a_shell_script_with_a_path_is_a_file() -> None:
    turn = read("```bash path=run.sh\necho hi\n```")
    assert isinstance(turn, Turn)
    assert (turn.command, turn.drafts[0].path) == ("", "run.sh")


def test_done_stands_alone() -> None:
    assert read("```done\nIt works.\n```") == Turn(done=True)


def test_a_tool_call_is_a_command_too() -> None:
    assert read("", call('{"command": "ls"}')) == Turn(command="ls")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("I would run the tests now.", "no_action"),
        ("```python\nprint(1)\n```", "no_action"),
        ("```bash\nls\n```\n```bash\npwd\n```", "several"),
        ("```bash\nls\n```\n```done\nyes\n```", "mixed"),
        ("```bash\nls", "unclosed"),
        ("```bash\n\n```", "bad_command"),
        ("```bash\n" + "a" * 19_990 + "\n" + "b" * 5 + "\n```", "too_large"),
        ("```python path=../../etc/passwd\nx\n```", "bad_path"),
        ("```python path=/etc/passwd\nx\n```", "bad_path"),
        ("x" * 100_000, "too_large"),
    ],
)
def test_answers_that_ask_for_nothing_are_typed(text: str, kind: str) -> None:
    turn = read(text)
    assert isinstance(turn, BadTurn)
    assert turn.kind == kind
    assert turn.detail


@pytest.mark.parametrize(
    ("calls", "kind"),
    [
        ((call('{"command": "ls"'),), "bad_tool_call"),
        ((call("[1]"),), "bad_tool_call"),
        ((call('{"cmd": "ls"}'),), "bad_tool_call"),
        ((call('{"command": 7}'),), "bad_tool_call"),
        ((call('{"command": "ls"}', name="python"),), "bad_tool_call"),
        ((call('{"command": ""}'),), "bad_command"),
        ((call('{"command": "a\\u0000b"}'),), "bad_command"),
        ((call('{"command": "ls"}'), call('{"command": "pwd"}')), "several"),
        ((call("[" * 100_000),), "bad_tool_call"),
    ],
)
def test_tool_calls_that_do_not_parse_are_typed(calls: tuple[ToolCall, ...], kind: str) -> None:
    turn = read("", *calls)
    assert isinstance(turn, BadTurn)
    assert turn.kind == kind


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    read(text)
    read(f"```bash\n{text}\n```")
    read("", call(text))
