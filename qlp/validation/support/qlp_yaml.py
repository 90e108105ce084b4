"""Runs in the sandbox: YAML documents with positions, from the parser's events, so that neither deep nesting nor
aliases of aliases can blow up. An alias is the same object again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml  # type: ignore[import-untyped,unused-ignore]

MAX_DEPTH = 200
MAX_EVENTS = 3_000_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)|0o?[0-7_]+|0x[0-9a-fA-F_]+")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*)?\.?[0-9]+(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BOOL = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}


class TooMuch(Exception):
    """Nested or long beyond what is looked at; `line` from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Broken(Exception):
    """No YAML; `line` and `column` from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass
class Node:
    """One value. `value` is a scalar's Python value, a list of Nodes, or a dict key -> Node."""

    value: Any
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Where each key of a mapping stands."""
    tag: str = ""
    plain: bool = False
    """A scalar without quotes."""

    def get(self, *path: str | int) -> Node | None:
        at: Node | None = self
        for step in path:
            if at is None:
                return None
            if isinstance(at.value, dict) and isinstance(step, str):
                at = at.value.get(step)
            elif isinstance(at.value, list) and isinstance(step, int) and step < len(at.value):
                at = at.value[step]
            else:
                return None
        return at

    def items(self) -> list[Node]:
        return self.value if isinstance(self.value, list) else []


@dataclass
class Document:
    root: Node
    duplicates: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Key, line, column, line of the first one."""


def scalar(text: str, *, plain: bool, tag: str) -> Any:
    """What YAML 1.1 makes of a scalar; dates stay text."""
    if not plain or tag == "!":
        return text
    low = text.lower()
    if low in ("", "~", "null"):
        return None
    if low in _BOOL:
        return _BOOL[low]
    if len(text) < 40 and _INT.fullmatch(text):
        digits = text.replace("_", "")
        try:
            return int(digits, 8) if re.fullmatch(r"0[0-7]+", digits) else int(digits, 0)
        except ValueError:
            return text
    if len(text) < 40 and _FLOAT.fullmatch(text):
        try:
            return float(text.replace("_", "").replace(".inf", "inf").replace(".Inf", "inf"))
        except ValueError:
            return text
    return text


def documents(text: str) -> list[Document]:
    """Every document. Raises Broken, TooMuch."""
    found: list[Document] = []
    try:
        for document in _build(text):
            found.append(document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(filter(None, (error.context, error.problem)))
        raise Broken(said, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1 if isinstance(error.position, int) else 1
        raise Broken(f"a character that YAML does not allow: {error.reason}", line, 1) from None
    except (yaml.YAMLError, ValueError) as error:
        raise Broken(str(error), 1, 1) from None
    return found


def _build(text: str) -> Any:
    stack: list[tuple[Node, list[Any]]] = []  # an open collection, and for a mapping the key that waits: [key, mark]
    anchors: dict[str, Node] = {}
    document: Document | None = None

    def put(node: Node) -> None:
        if not stack:
            assert document is not None
            document.root = node
            return
        parent, waiting = stack[-1]
        if isinstance(parent.value, list):
            parent.value.append(node)
        elif not waiting:
            name = node.value if isinstance(node.value, str) else _key(node)
            waiting[:] = [name, node.line, node.column]
        else:
            name, line, column = waiting
            waiting.clear()
            if name in parent.value and name != "<<":
                document.duplicates.append((name, line, column, parent.keys[name][0]))  # type: ignore[union-attr]
            if name == "<<" and isinstance(node.value, dict | list):
                for source in [node] if isinstance(node.value, dict) else node.value:
                    if isinstance(source.value, dict):
                        for key, value in source.value.items():
                            parent.value.setdefault(key, value)
                return
            parent.value[name] = node
            parent.keys[name] = (line, column)

    for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        mark: Any = event.start_mark
        if count > MAX_EVENTS:
            raise TooMuch("the file has too many values to be checked", mark.line + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            document = Document(Node(None, mark.line + 1, 1))
            anchors = {}
        elif isinstance(event, yaml.DocumentEndEvent):
            yield document
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                line, column = mark.line + 1, mark.column + 1
                raise Broken(f"the alias *{event.anchor} has no anchor before it", line, column)
            put(anchors[event.anchor])
        elif isinstance(event, yaml.ScalarEvent):
            node = _node(event)
            plain = bool(event.implicit[0]) and not event.style
            node.value, node.plain = scalar(event.value, plain=plain, tag=event.tag or ""), plain
            if event.anchor:
                anchors[event.anchor] = node
            put(node)
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            node = _node(event)
            node.value = [] if isinstance(event, yaml.SequenceStartEvent) else {}
            if len(stack) >= MAX_DEPTH:
                raise TooMuch(f"nested deeper than {MAX_DEPTH} levels", node.line)
            if event.anchor:
                anchors[event.anchor] = node
            stack.append((node, []))
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            node, _ = stack.pop()
            put(node)


def _node(event: Any) -> Node:
    return Node(None, event.start_mark.line + 1, event.start_mark.column + 1, tag=event.tag or "")


def _key(node: Node) -> str:
    value = node.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else f"[complex key on line {node.line}]"
