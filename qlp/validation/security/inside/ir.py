"""One small tree for all languages: lowering (lower/) makes it of a syntax tree, the flow analysis (flow.py) walks it.

Statements are nodes as well: a block is worth what its last node is worth, which is how Ruby and Rust mean it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields

Span = tuple[int, int, int, int]
"""line, column, end line, end column; from 1, the end exclusive in its column."""


@dataclass(slots=True)
class Node:
    at: Span


@dataclass(slots=True)
class Name(Node):
    id: str


@dataclass(slots=True)
class Const(Node):
    value: str | int | float | bool | None


@dataclass(slots=True)
class Join(Node):
    """A string with expressions in it."""

    parts: list[Node]


@dataclass(slots=True)
class Bin(Node):
    op: str
    left: Node
    right: Node


@dataclass(slots=True)
class Unary(Node):
    op: str
    value: Node


@dataclass(slots=True)
class Cond(Node):
    test: Node
    then: Node
    other: Node


@dataclass(slots=True)
class Member(Node):
    obj: Node
    name: str


@dataclass(slots=True)
class Index(Node):
    obj: Node
    key: Node


@dataclass(slots=True)
class Arg(Node):
    name: str
    value: Node


@dataclass(slots=True)
class Call(Node):
    func: Node
    args: list[Arg]
    new: bool = False
    block: Func | None = None
    """A block argument, as Ruby has it."""


@dataclass(slots=True)
class Seq(Node):
    items: list[Node]


@dataclass(slots=True)
class Map(Node):
    pairs: list[tuple[Node, Node]]


@dataclass(slots=True)
class Param(Node):
    name: str
    type: str = ""
    default: Node | None = None
    marks: tuple[str, ...] = ()
    """Annotations."""
    keys: tuple[str, ...] = ()
    """Names that a destructuring parameter binds."""


@dataclass(slots=True)
class Func(Node):
    name: str
    params: list[Param]
    body: Node
    marks: list[Node] = field(default_factory=list)
    """Decorators and annotations, as calls or names."""
    cls: str = ""
    returns: str = ""
    arrow: bool = False
    """The body is an expression, and is returned."""


@dataclass(slots=True)
class Class(Node):
    name: str
    bases: list[str]
    body: list[Node]
    marks: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Assign(Node):
    target: Node
    value: Node
    op: str = "="
    type: str = ""


@dataclass(slots=True)
class Block(Node):
    body: list[Node]


@dataclass(slots=True)
class If(Node):
    test: Node
    then: Node
    other: Node | None = None


@dataclass(slots=True)
class Loop(Node):
    body: Node
    test: Node | None = None
    init: Node | None = None
    step: Node | None = None
    target: Node | None = None
    """With `over`: what each round binds."""
    over: Node | None = None


@dataclass(slots=True)
class Return(Node):
    value: Node | None = None


@dataclass(slots=True)
class Jump(Node):
    """break, continue, raise, goto: control leaves."""

    kind: str
    value: Node | None = None


@dataclass(slots=True)
class Try(Node):
    body: Node
    handlers: list[Node]
    last: Node | None = None


@dataclass(slots=True)
class Case(Node):
    values: list[Node]
    """Empty: the default."""
    body: Node
    falls: bool = False


@dataclass(slots=True)
class Switch(Node):
    subject: Node | None
    cases: list[Case]


@dataclass(slots=True)
class Import(Node):
    names: dict[str, str]
    """Local name -> dotted path."""
    module: str = ""


@dataclass(slots=True)
class Other(Node):
    """Anything else: worth what its parts are worth."""

    parts: list[Node]


_PARTS: dict[type[Node], tuple[str, ...]] = {}
"""Names of the fields in which a type of node holds others."""


def _parts(kind: type[Node]) -> tuple[str, ...]:
    names = tuple(
        f.name for f in fields(kind) if f.name != "at" and re.search(r"Node|Arg|Func|Param|Case", str(f.type))
    )
    _PARTS[kind] = names
    return names


def children(node: Node) -> list[Node]:
    kind = type(node)
    made: list[Node] = []
    for name in _PARTS.get(kind) or _parts(kind):
        value = getattr(node, name)
        if type(value) is list:
            for item in value:
                if type(item) is tuple:
                    made += item
                else:
                    made.append(item)
        elif value is not None:
            made.append(value)
    return made


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, without recursion."""
    todo = [node]
    while todo:
        one = todo.pop()
        yield one
        if type(one) is not Name and type(one) is not Const:
            todo.extend(reversed(children(one)))
