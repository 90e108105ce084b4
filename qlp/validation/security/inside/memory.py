"""C and C++: memory that is written beyond its end, used after it was given back, or taken without a look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .checks import Hit
from .ir import (
    Assign,
    Bin,
    Block,
    Call,
    Cond,
    Const,
    Func,
    If,
    Index,
    Jump,
    Loop,
    Member,
    Name,
    Node,
    Return,
    Seq,
    Switch,
    Try,
    Unary,
    children,
    walk,
)
from .rules import Rule
from .vocabulary import ALLOCATE, COPY, ENDS, NUMBERS

_USES = re.compile(
    r"^(str|mem|fgets|fread|fwrite|fprintf|fscanf|fputs|fputc|fgetc|sprintf|snprintf|sscanf|readdir|getline|putc|getc)"
)
_SIZED = {
    "memcpy": 2,
    "memmove": 2,
    "strncpy": 2,
    "fgets": 1,
    "snprintf": 1,
    "memset": 2,
    "read": 2,
    "recv": 2,
    "strlcpy": 2,
}
_PLACE = {"read": 1, "recv": 1}


def key(node: Node | None) -> str:
    """`p`, `s.name`; '' for anything else. Casts and addresses are gone already."""
    if isinstance(node, Name):
        return node.id
    if isinstance(node, Member) and (head := key(node.obj)):
        return f"{head}.{node.name}"
    return ""


def callee(node: Node) -> str:
    return key(node.func).removeprefix("std.") if isinstance(node, Call) else ""


@dataclass
class Known:
    """What a function says about its variables, in any order."""

    arrays: dict[str, int | None] = field(default_factory=dict)
    """Local arrays -> elements, None where the size is not constant."""
    params: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    """Variables that hold a number from outside."""
    tested: set[str] = field(default_factory=set)
    """Variables that some condition looks at."""
    measured: set[str] = field(default_factory=set)
    """Strings whose length some condition or allocation looks at."""
    allocated: dict[str, Call] = field(default_factory=dict)
    taken: dict[str, Node] = field(default_factory=dict)
    """Variables that hold what may be NULL -> where it was taken."""


class Function:
    def __init__(self, func: Func, constants: dict[str, int], rules: dict[str, Rule]) -> None:
        self.func = func
        self.constants = constants
        self.rules = rules
        self.hits: dict[tuple[str, int, int], Hit] = {}
        self.known = Known()
        self.gather()

    def report(self, rule: str, node: Node, what: str = "") -> None:
        if rule in self.rules:
            self.hits.setdefault((rule, node.at[0], node.at[1]), Hit(self.rules[rule], node.at, what))

    # -- what is known

    def number(self, node: Node | None) -> int | None:
        if isinstance(node, Const) and isinstance(node.value, int) and not isinstance(node.value, bool):
            return node.value
        if isinstance(node, Name):
            return self.constants.get(node.id)
        if isinstance(node, Call) and callee(node) == "sizeof" and node.args:
            return self.known.arrays.get(key(node.args[0].value))
        if isinstance(node, Bin) and node.op in ("+", "-", "*"):
            a, b = self.number(node.left), self.number(node.right)
            if a is not None and b is not None:
                return a + b if node.op == "+" else a - b if node.op == "-" else a * b
        return None

    def gather(self) -> None:
        known = self.known
        known.params = {p.name for p in self.func.params if p.name}
        for p in self.func.params:
            if re.fullmatch(
                r"(unsigned |signed )?(int|long|short|size_t|ssize_t|uint\d+_t|int\d+_t|unsigned)( int)?", p.type
            ):
                known.numbers.add(p.name)
        for node in walk(self.func.body):
            if isinstance(node, Assign):
                self.assigned(node)
            elif isinstance(node, If | Cond | Loop):
                self.tests(node.test)
            elif isinstance(node, Switch):
                self.tests(node.subject)
            elif isinstance(node, Call) and callee(node) in ("scanf", "fscanf", "sscanf"):
                known.numbers |= {key(a.value) for a in node.args[1:] if key(a.value)}
            elif isinstance(node, Call) and callee(node) in ("assert", "Assert", "g_assert"):
                self.tests(node.args[0].value if node.args else None)

    def assigned(self, node: Assign) -> None:
        name = key(node.target)
        if found := re.fullmatch(r"(.+)\[(.*)\]", node.type):
            size = re.sub(r"\s", "", found[2])
            count = int(size) if size.isdigit() else self.constants.get(size)
            if not size:
                value = node.value
                count = len(value.value) + 1 if isinstance(value, Const) and isinstance(value.value, str) else None
                count = len(value.items) if isinstance(value, Seq) else count
            self.known.arrays[name] = count
        call = node.value
        if (callee(call) in NUMBERS and name) or (isinstance(call, Name) and call.id in self.known.numbers and name):
            self.known.numbers.add(name)
        if isinstance(call, Call) and callee(call) in ALLOCATE and name:
            self.known.taken[name] = node
            self.known.allocated[name] = call
            self.measures(call)

    def tests(self, test: Node | None) -> None:
        if test is None:
            return
        for part in walk(test):
            if name := key(part):
                self.known.tested.add(name)
            if isinstance(part, Assign) and key(part.target):
                self.known.tested.add(key(part.target))
        self.measures(test)

    def measures(self, node: Node) -> None:
        for part in walk(node):
            if isinstance(part, Call) and callee(part) in ("strlen", "strnlen", "sizeof", "wcslen") and part.args:
                self.known.measured.add(key(part.args[0].value))
        # `n = strlen(s); if (n >= size)`: the length has a name.
        for part in walk(self.func.body):
            if (
                isinstance(part, Assign)
                and callee(part.value) == "strlen"
                and key(part.target) in self.known.tested | {key(p) for p in walk(node)}
            ):
                assert isinstance(part.value, Call)
                self.known.measured.add(key(part.value.args[0].value) if part.value.args else "")

    # -- single places

    def inspect(self) -> Iterator[Hit]:
        for node in walk(self.func.body):
            if isinstance(node, Call):
                self.call(node)
            elif isinstance(node, Loop):
                self.loop(node)
            elif isinstance(node, Index):
                self.index(node)
            elif isinstance(node, Return) and key(node.value) in self.known.arrays:
                self.report("stack-address-returned", node, key(node.value))
        self.unchecked()
        self.flow(self.func.body, {})
        yield from self.hits.values()

    def call(self, node: Call) -> None:
        name, args = callee(node), [a.value for a in node.args]
        target = key(args[0]) if args else ""
        size = self.known.arrays.get(target)
        fixed = target in self.known.arrays
        if name in COPY and len(args) == 2:
            source = args[1]
            if isinstance(source, Const) and isinstance(source.value, str):
                if size is not None and len(source.value) >= size:
                    self.report("buffer-overflow", node, target)
                return
            measured = key(source) in self.known.measured
            grown = target in self.known.allocated and any(
                callee(p) == "strlen" or key(p) for a in self.known.allocated[target].args for p in walk(a.value)
            )
            if not measured and not grown and (fixed or target in self.known.params | set(self.known.allocated)):
                self.report("buffer-overflow", node, key(source))
        elif name in ("sprintf", "vsprintf") and len(args) >= 2:
            text = args[1].value if isinstance(args[1], Const) else ""
            strings = isinstance(text, str) and re.search(r"%[-+ #0]*s", text)
            given = [a for a in args[2:] if not isinstance(a, Const) and key(a) not in self.known.measured]
            if strings and given and (fixed or target in self.known.params):
                self.report("buffer-overflow", node, key(given[0]))
        elif name in ("scanf", "fscanf", "sscanf"):
            text = next((a.value for a in args if isinstance(a, Const) and isinstance(a.value, str)), "")
            if isinstance(text, str) and re.search(r"%(s|\[)", text):
                self.report("buffer-overflow", node)
        elif name in _SIZED and len(args) > _SIZED[name]:
            place = key(args[_PLACE.get(name, 0)])
            held, count = self.known.arrays.get(place), args[_SIZED[name]]
            asked = self.number(count)
            if held is not None and asked is not None and asked > held:
                self.report("buffer-overflow", node, place)
            elif place in self.known.arrays and key(count) in self.known.numbers - self.known.tested:
                self.report("buffer-overflow", node, key(count))
            elif name != "snprintf" and place in self.known.arrays and self.as_long_as(count):
                self.report("buffer-overflow", node, place)
        elif name in ("malloc", "alloca", "realloc") and args:
            size_node = args[-1]
            if isinstance(size_node, Bin) and size_node.op in ("*", "+"):
                for part in (size_node.left, size_node.right):
                    if key(part) in self.known.numbers - self.known.tested - self.known.params:
                        self.report("integer-overflow", node, key(part))
        elif name in ("fopen", "open") and target:
            for test in (n.test for n in walk(self.func.body) if isinstance(n, If)):
                for part in walk(test):
                    if (
                        callee(part) == "access"
                        and isinstance(part, Call)
                        and part.args
                        and key(part.args[0].value) == target
                    ):
                        self.report("time-of-check", node, target)

    def as_long_as(self, count: Node) -> bool:
        """The size is the length of a string that no condition looks at."""
        if not isinstance(count, Call) or callee(count) != "strlen":
            return False
        return not {key(a.value) for a in count.args} & self.known.measured

    def loop(self, node: Loop) -> None:
        test = node.test
        if not (isinstance(test, Bin) and test.op == "<=" and isinstance(test.left, Name)):
            return
        last = self.number(test.right)
        if last is None:
            return
        for part in walk(node.body):
            if isinstance(part, Index) and isinstance(part.key, Name) and part.key.id == test.left.id:
                size = self.known.arrays.get(key(part.obj))
                if size is not None and last >= size:
                    self.report("off-by-one", node, key(part.obj))
                    return

    def index(self, node: Index) -> None:
        array = key(node.obj)
        if array not in self.known.arrays:
            return
        size, at = self.known.arrays[array], self.number(node.key)
        if size is not None and at is not None and (at >= size or at < 0) and isinstance(node.key, Const):
            self.report("buffer-overflow", node, array)
        elif key(node.key) in self.known.numbers - self.known.tested:
            self.report("unchecked-index", node, key(node.key))

    def unchecked(self) -> None:
        for name, taken in self.known.taken.items():
            if name in self.known.tested:
                continue
            for node in walk(self.func.body):
                used = (
                    (isinstance(node, Index | Member) and key(node.obj) == name)
                    or (isinstance(node, Unary) and node.op == "*" and key(node.value) == name)
                    or (
                        isinstance(node, Call)
                        and _USES.match(callee(node))
                        and any(key(a.value) == name for a in node.args)
                    )
                )
                if used:
                    self.report("unchecked-allocation", taken, name)
                    break

    # -- order: what is freed, and used later

    def flow(self, node: Node | None, freed: dict[str, bool]) -> bool:
        """Walk in order; `freed` is changed. True where control does not come to the end."""
        if node is None:
            return False
        if isinstance(node, Block):
            return any(self.flow(part, freed) for part in node.body)
        if isinstance(node, If):
            self.flow(node.test, freed)
            then, other = dict(freed), dict(freed)
            ended = self.flow(node.then, then)
            ended_other = self.flow(node.other, other) if node.other is not None else False
            freed.clear()
            for way, end in ((then, ended), (other, ended_other)):
                freed.update({} if end else way)
            return ended and ended_other
        if isinstance(node, Loop):
            for part in (node.init, node.test, node.over):
                self.flow(part, freed)
            self.flow(node.body, freed)
            self.flow(node.step, freed)
            return False
        if isinstance(node, Switch):
            ways = []
            for case in node.cases:
                way = dict(freed)
                if not self.flow(case.body, way):
                    ways.append(way)
            for way in ways:
                freed.update(way)
            return False
        if isinstance(node, Try):
            self.flow(node.body, freed)
            return False
        if isinstance(node, Assign):
            self.flow(node.value, freed)
            name = key(node.target)
            if name:
                freed.pop(name, None)
            else:
                self.flow(node.target, freed)
            return False
        if isinstance(node, Return | Jump):
            self.flow(node.value, freed)
            return True
        if isinstance(node, Call):
            return self.freeing(node, freed)
        if (name := key(node)) and name in freed:
            self.report("use-after-free", node, name)
            return False
        if isinstance(node, Member) and key(node):
            head = key(node.obj)
            if head in freed:
                self.report("use-after-free", node, head)
            return False
        for part in children(node):
            if not isinstance(part, Func):
                self.flow(part, freed)
        return False

    def freeing(self, node: Call, freed: dict[str, bool]) -> bool:
        name = callee(node)
        target = key(node.args[0].value) if node.args else ""
        if name in ("free", "fclose", "g_free", "kfree") and target:
            if target in freed:
                self.report("double-free", node, target)
            freed[target] = True
            return False
        if isinstance(node.func, Member):
            self.flow(node.func.obj, freed)
        for arg in node.args:
            if not isinstance(arg.value, Func):
                self.flow(arg.value, freed)
        return name in ENDS


def inspect(tree: Node, rules: dict[str, Rule]) -> list[Hit]:
    constants: dict[str, int] = {}
    for node in tree.body if isinstance(tree, Block) else []:
        if not (isinstance(node, Assign) and isinstance(node.target, Name) and isinstance(node.value, Const)):
            continue
        value = node.value.value
        if isinstance(value, int) and not isinstance(value, bool):
            constants[node.target.id] = value
    found: list[Hit] = []
    for part in walk(tree):
        if isinstance(part, Func) and part.name:
            found += Function(part, constants, rules).inspect()
    return found
