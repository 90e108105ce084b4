"""Runs in the sandbox: syntax errors of any language that tree-sitter has a grammar for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MOST = 10
"""Errors told of one file: after the first ones a parser guesses."""


@dataclass
class Problem:
    line: int
    column: int
    message: str


def problems(tree: Any, text: str) -> list[Problem]:
    """ERROR and MISSING nodes in the order of the text, outermost only; no recursion, so any depth will do."""
    if not tree.root_node.has_error:
        return []
    found: list[Problem] = []
    cursor = tree.walk()
    lines = text.split("\n")
    down = True
    while len(found) < MOST:
        node = cursor.node
        if down and node.is_missing:
            found.append(Problem(*_place(node), f"{_quoted(node.type)} is missing here"))
            down = False
        elif down and node.is_error:
            found.append(Problem(*_place(node), _unexpected(node, lines)))
            down = False
        elif down and not node.has_error:
            down = False
        if down and cursor.goto_first_child():
            continue
        down = True
        if cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            break
    if not found:
        found.append(Problem(1, 1, "the file does not parse"))
    return found


def _place(node: Any) -> tuple[int, int]:
    return node.start_point[0] + 1, node.start_point[1] + 1


def _quoted(kind: str) -> str:
    return kind if kind.replace("_", "").isalpha() and len(kind) > 2 else f"'{kind}'"


def _unexpected(node: Any, lines: list[str]) -> str:
    row, column = node.start_point
    rest = lines[row][column:].strip() if row < len(lines) else ""
    return f"unexpected {rest[:40]!r}" if rest else "unexpected end of a line or of the file"
