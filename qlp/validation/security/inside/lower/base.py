"""What the lowerings of all languages share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

from ..ir import Arg, Assign, Bin, Block, Call, Cond, Const, Index, Join, Member, Name, Node, Other, Seq, Span, Unary

MAX_DEPTH = 300
"""Deeper trees are cut there: nobody writes them, and each level costs stack."""


class Syntax(Protocol):
    """A node of tree-sitter, as far as it is used here."""

    type: str
    is_named: bool
    start_point: Any
    end_point: Any
    start_byte: int
    end_byte: int
    children: Sequence[Any]
    named_children: Sequence[Any]

    def child_by_field_name(self, name: str, /) -> Any: ...
    def children_by_field_name(self, name: str, /) -> Sequence[Any]: ...


Handler = Callable[[Any, Syntax], Node]
NUMBER = re.compile(r"[+-]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|[0-9][0-9_]*)[uUlLnN]*$")


def number(text: str) -> int | float | None:
    if NUMBER.match(text):
        plain = text.replace("_", "").rstrip("uUlLnN")
        try:
            if re.match(r"0[0-7]+$", plain):
                return int(plain, 8)
            return int(plain, 0)
        except ValueError:
            return None
    try:
        return float(text.replace("_", "").rstrip("fFdDmM"))
    except ValueError:
        return None


class Lower:
    """Lowering of one file. `table` says by node type which method makes the node; what is not in it becomes Other."""

    language: ClassVar[str] = ""
    table: ClassVar[dict[str, Handler]] = {}
    through: ClassVar[frozenset[str]] = frozenset()
    """Types that stand for their only named child."""
    blocks: ClassVar[frozenset[str]] = frozenset()
    skip: ClassVar[frozenset[str]] = frozenset()
    """Types without meaning here."""
    names: ClassVar[frozenset[str]] = frozenset({"identifier"})
    pieces: ClassVar[frozenset[str]] = frozenset({"string_content", "string_fragment", "escape_sequence"})

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.depth = 0
        self.cut = False

    # -- reading the syntax tree

    def text(self, n: Syntax | None) -> str:
        return "" if n is None else self.source[n.start_byte : n.end_byte].decode("utf-8", "replace")

    @staticmethod
    def at(n: Syntax) -> Span:
        (row, col), (erow, ecol) = n.start_point, n.end_point
        return (row + 1, col + 1, erow + 1, ecol + 1)

    def named(self, n: Syntax | None) -> list[Any]:
        return [] if n is None else [c for c in n.named_children if "comment" not in c.type and c.type not in self.skip]

    def of(self, n: Syntax, *types: str) -> list[Any]:
        return [c for c in n.named_children if c.type in types]

    def op(self, n: Syntax) -> str:
        field = n.child_by_field_name("operator")
        if field is not None:
            return self.text(field)
        return next((self.text(c) for c in n.children if not c.is_named), "")

    # -- making nodes

    def lower(self, n: Syntax | None) -> Node:
        if n is None:
            return Const((1, 1, 1, 1), None)
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                self.cut = True
                return Other(self.at(n), [])
            return self._lower(n)
        finally:
            self.depth -= 1

    def _lower(self, n: Syntax) -> Node:
        kind = n.type
        handler = self.table.get(kind)
        if handler is not None:
            return handler(self, n)
        if kind in self.names:
            return Name(self.at(n), self.text(n))
        if kind in self.through:
            inner = self.named(n)
            return self.lower(inner[0]) if len(inner) == 1 else Other(self.at(n), [self.lower(c) for c in inner])
        if kind in self.blocks:
            return self.block(n)
        return Other(self.at(n), [self.lower(c) for c in self.named(n)])

    def field(self, n: Syntax, name: str) -> Node:
        return self.lower(n.child_by_field_name(name))

    def maybe(self, n: Syntax, name: str) -> Node | None:
        child = n.child_by_field_name(name)
        return None if child is None else self.lower(child)

    def block(self, n: Syntax) -> Node:
        return Block(self.at(n), [self.lower(c) for c in self.named(n)])

    def first(self, n: Syntax) -> Node:
        inner = self.named(n)
        return self.lower(inner[0]) if inner else Const(self.at(n), None)

    def binary(self, n: Syntax) -> Node:
        return Bin(self.at(n), self.op(n), self.field(n, "left"), self.field(n, "right"))

    def unary(self, n: Syntax) -> Node:
        value = n.child_by_field_name("argument") or n.child_by_field_name("operand") or (self.named(n) or [None])[-1]
        return Unary(self.at(n), self.op(n), self.lower(value))

    def assign(self, n: Syntax) -> Node:
        op = next((self.text(c) for c in n.children if not c.is_named and self.text(c).endswith("=")), "=")
        operator = n.child_by_field_name("operator")
        if operator is not None:
            op = self.text(operator)
        return Assign(self.at(n), self.field(n, "left"), self.field(n, "right"), op)

    def string(self, n: Syntax) -> Node:
        """Literal pieces and whatever else is inside, in order."""
        parts: list[Node] = []
        for c in n.named_children:
            if c.type in self.pieces:
                parts.append(Const(self.at(c), self.piece(c)))
            elif self.is_hole(c):
                parts += [self.lower(x) for x in self.hole(c)]
        return self.joined(n, parts)

    _ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\\": "\\", '\\"': '"', "\\'": "'", "\\0": "\0"}

    def piece(self, n: Syntax) -> str:
        text = self.text(n)
        return self._ESCAPES.get(text, text) if n.type == "escape_sequence" else text

    def is_hole(self, n: Syntax) -> bool:
        return "string_" not in n.type or n.type.endswith("expression")

    def hole(self, n: Syntax) -> list[Any]:
        """The expressions of an interpolation."""
        return self.named(n)[:1] if "interpolation" in n.type or "substitution" in n.type else [n]

    def joined(self, n: Syntax, parts: list[Node]) -> Node:
        if all(isinstance(p, Const) for p in parts):
            return Const(self.at(n), "".join(str(p.value) for p in parts if isinstance(p, Const)))
        return Join(self.at(n), parts)

    def concatenated(self, n: Syntax) -> Node:
        parts: list[Node] = []
        for c in self.named(n):
            made = self.lower(c)
            parts += made.parts if isinstance(made, Join) else [made]
        return self.joined(n, parts)

    def quoted(self, n: Syntax) -> Node:
        """A literal whose text has its quotes around it."""
        return Const(self.at(n), re.sub(r"^[^\"'`]*[\"'`]+|[\"'`]+#*$", "", self.text(n)))

    def num(self, n: Syntax) -> Node:
        return Const(self.at(n), number(self.text(n)))

    def true(self, n: Syntax) -> Node:
        return Const(self.at(n), True)

    def false(self, n: Syntax) -> Node:
        return Const(self.at(n), False)

    def boolean(self, n: Syntax) -> Node:
        return Const(self.at(n), self.text(n).lower() == "true")

    def null(self, n: Syntax) -> Node:
        return Const(self.at(n), None)

    def nothing(self, n: Syntax) -> Node:
        return Block(self.at(n), [])

    def this(self, n: Syntax) -> Node:
        return Name(self.at(n), "this")

    def seq(self, n: Syntax) -> Node:
        return Seq(self.at(n), [self.lower(c) for c in self.named(n)])

    def cond(self, n: Syntax) -> Node:
        then = n.child_by_field_name("consequence") or n.child_by_field_name("body")
        test, other = self.field(n, "condition"), self.field(n, "alternative")
        return Cond(self.at(n), test, test if then is None else self.lower(then), other)

    def args(self, n: Syntax | None) -> list[Arg]:
        return [self.arg(c) for c in self.named(n)]

    def arg(self, n: Syntax) -> Arg:
        return Arg(self.at(n), "", self.lower(n))

    def call(self, n: Syntax) -> Node:
        return Call(self.at(n), self.field(n, "function"), self.args(n.child_by_field_name("arguments")))

    def invoke(self, n: Syntax, path: str, *values: Node) -> Call:
        """A call that the language writes in another way, such as backticks."""
        return Call(self.at(n), Name(self.at(n), path), [Arg(v.at, "", v) for v in values])


def members(obj: str, name: str) -> Handler:
    """Handler for `obj.name`, given the names of the two fields."""

    def make(self: Any, n: Syntax) -> Node:
        return Member(self.at(n), self.field(n, obj), self.text(n.child_by_field_name(name)).lstrip("$"))

    return make


def indexes(obj: str, key: str) -> Handler:
    def make(self: Any, n: Syntax) -> Node:
        found = n.child_by_field_name(key)
        return Index(self.at(n), self.field(n, obj), Const(self.at(n), None) if found is None else self.lower(found))

    return make


def dotted(text: str) -> str:
    """`java.util.List<String>[]` -> `java.util.List`; `*http.Request` -> `http.Request`."""
    plain = re.sub(r"<.*>|\[.*?\]|[?*&\s]|\bconst\b|\bfinal\b", "", text, flags=re.S)
    return plain.replace("::", ".").replace("\\", ".").strip(".")
