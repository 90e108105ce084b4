"""Names, members, operators, literals, assignments."""

from __future__ import annotations

import re

from . import constants, guards
from .calls import Calls
from .checks import Given, reaches
from .ir import (
    Assign,
    Bin,
    Call,
    Cond,
    Const,
    Func,
    Index,
    Join,
    Map,
    Member,
    Name,
    Node,
    Other,
    Seq,
    Unary,
)
from .values import UNKNOWN, State, Value, concat, constant, join, steps_of, taint_of
from .vocabulary import HOST

_CONCAT = frozenset({"+", ".", "..", "+=", ".=", "%", "<>"})
_COMPARE = frozenset({"==", "!=", "===", "!==", "<", "<=", ">", ">=", "<=>", "=~", "!~"}) | {
    "in", "not in", "is", "is not", "instanceof", "eq", "ne", "equals",
}  # fmt: skip
_CLEAN_MEMBERS = frozenset({"length", "size", "count", "Length", "Count", "content_length", "status", "status_code"})
_PATH_LIMIT = 160


class Expressions(Calls):
    def key_of(self, node: Node) -> str:
        """`a.b.c` for a chain of names, '' for anything else."""
        names: list[str] = []
        while isinstance(node, Member):
            names.append(node.name)
            node = node.obj
        if not isinstance(node, Name):
            return ""
        names.append("this" if node.id in ("self", "cls") else node.id)
        return ".".join(reversed(names))

    def on_name(self, node: Name, state: State) -> Value:
        name = "this" if node.id in ("self", "cls") else node.id
        found = state.look(name) or state.look("this." + name)
        if found is not None:
            return found
        kind = self.source_of((name,))
        if kind is not None:
            return Value(taint={(kind, name): frozenset()}, paths=(name,), root=True)
        return Value(paths=(name,))

    def on_const(self, node: Const, state: State) -> Value:
        return constant(node.value)

    def on_join(self, node: Join, state: State) -> Value:
        return concat([self.eval(p, state) for p in node.parts])

    def on_other(self, node: Other, state: State) -> Value:
        values = [self.eval(p, state) for p in node.parts]
        if len(values) == 1:
            return values[0].but(const=UNKNOWN, items=None, prefix="")
        return Value(
            taint=taint_of(values), steps=steps_of(values), texts=self.texts(values), built=any(v.built for v in values)
        )

    def property(self, obj: Value, name: str, raw: str = "") -> Value:
        if obj.attrs is not None and name in obj.attrs:
            return obj.attrs[name]
        paths = tuple(dict.fromkeys(p for p in [
            *(f"{p}.{name}" for p in obj.paths[:3]),
            *([f"{obj.cls}.{name}"] if obj.cls else []),
            *([raw] if raw else []),
        ] if len(p) < _PATH_LIMIT))  # fmt: skip
        if not obj.taint:
            kind = self.source_of(paths)
            if kind is not None:
                return Value(taint={(kind, raw or paths[0]): frozenset()}, paths=paths, root=True)
            return Value(paths=paths, steps=obj.steps | {name} if obj.steps else obj.steps)
        if name in _CLEAN_MEMBERS:
            return Value(paths=paths)
        if obj.root:
            taint = {(kind, f"{ident}.{name}"): clean for (kind, ident), clean in obj.taint.items()}
            if name in HOST and not any(p.endswith(("headers", "Header")) for p in obj.paths):
                return Value(taint=obj.taint, paths=paths, steps=obj.steps | {name})
            return Value(taint=taint, paths=paths, steps=obj.steps, root=True)
        return Value(taint=obj.taint, paths=paths, steps=obj.steps | {name})

    def on_member(self, node: Member, state: State) -> Value:
        raw = self.key_of(node)
        found = state.look(raw) if raw else None
        if found is not None:
            return found
        return self.property(self.eval(node.obj, state), node.name, raw)

    def on_index(self, node: Index, state: State) -> Value:
        obj = self.eval(node.obj, state)
        key = self.eval(node.key, state)
        if key.known and obj.attrs is not None and str(key.const) in obj.attrs:
            return obj.attrs[str(key.const)]
        if (
            obj.items is not None
            and key.known
            and isinstance(key.const, int)
            and -len(obj.items) <= key.const < len(obj.items)
        ):
            return obj.items[key.const]
        if (
            obj.prefix
            and isinstance(obj.const, str)
            and isinstance(key.const, int)
            and -len(obj.const) <= key.const < len(obj.const)
        ):
            return constant(obj.const[key.const])
        paths = tuple(f"{p}.[]" for p in obj.paths[:2])
        given = Given(obj, [key], {"key": key})
        self.check(self.language.sinks, tuple(f"{p}.[]" for p in obj.paths[:2]), node, given, state)
        if not obj.taint:
            kind = self.source_of(paths + tuple(f"{p}.{key.text}" for p in obj.paths[:2] if key.known and key.text))
            if kind is not None:
                return Value(taint={(kind, paths[0] + key.text): frozenset()}, paths=paths, root=True)
            return Value(paths=paths, cls=_element_class(obj.cls))
        if obj.root and key.known:
            taint = {(kind, f"{ident}[{key.text}]"): clean for (kind, ident), clean in obj.taint.items()}
            return Value(taint=taint, paths=tuple(f"{p}.{key.text}" for p in obj.paths[:2]), steps=obj.steps, root=True)
        return Value(taint=obj.taint, steps=obj.steps | {"[]"}, paths=paths, cls=_element_class(obj.cls))

    def on_seq(self, node: Seq, state: State) -> Value:
        items = [self.eval(i, state) for i in node.items]
        if any(
            isinstance(i, Call) and not i.args and isinstance(i.func, Name) and i.func.id == "*" for i in node.items
        ):
            return Value(taint=taint_of(items))
        return self.listed(items)

    def on_map(self, node: Map, state: State) -> Value:
        attrs: dict[str, Value] = {}
        values: list[Value] = []
        closed = True
        for key_node, value_node in node.pairs:
            if isinstance(value_node, Func):
                self.nested.add(id(value_node))
                self.run_closure(value_node, state)
                value = Value(func=value_node)
            else:
                value = self.eval(value_node, state)
            key = self.eval(key_node, state)
            values.append(value)
            if key.known and isinstance(key.const, str):
                attrs[key.const] = value
                self.check_set(key.const, (f"%.{key.const}",), None, value, value_node, state)
            elif key.known and key.const is None:
                if value.attrs is not None and value.closed:
                    attrs.update(value.attrs)
                else:
                    closed = False
        return Value(
            attrs=attrs, closed=closed, taint=taint_of(values), steps=steps_of(values), texts=self.texts(values)
        )

    def on_bin(self, node: Bin, state: State) -> Value:
        if node.op in ("and", "&&", "or", "||"):
            return self.logic(node, state)
        left, right = self.eval(node.left, state), self.eval(node.right, state)
        folded = constants.binary(node.op, left, right)
        if folded is not UNKNOWN and not (isinstance(folded, str) and node.op == "+"):
            return constant(folded)
        if node.op in _COMPARE:
            guard = guards.compare(node.op, left, right)
            return Value(guard=guard if guard[0] or guard[1] else None, steps=left.steps | right.steps)
        if node.op == "<<" and self.name == "ruby":
            made = concat([left, right]).but(built=True) if left.items is None else self.listed([*left.items, right])
            self.store(node.left, made, state)
            return made
        if node.op in ("<<", ">>") and self.name == "c":
            return self.streamed(node, left, right, state)
        if node.op in ("??", "?:", "||="):
            return join([left, right])
        if node.op == "/" and (left.taint or right.taint) and not _numeric(left) and not _numeric(right):
            # pathlib joins with a slash.
            return Value(
                taint=taint_of([left, right]), steps=left.steps | right.steps | {"+"}, paths=left.paths, built=True
            )
        if node.op in _CONCAT and not (_numeric(left) and _numeric(right)):
            parts = [left, *(right.items if node.op == "%" and right.items is not None else [right])]
            if node.op == "%" and not (left.known and isinstance(left.const, str)) and not left.built:
                return Value(taint=taint_of(parts), steps=steps_of(parts))
            made = concat(parts)
            if node.op == "%" and isinstance(left.const, str):
                numeric = "%d" in left.const and "%s" not in left.const
                made = made.but(prefix=left.const.split("%")[0], const=UNKNOWN, taint={} if numeric else made.taint)
            return made
        if node.op == "|":
            # Flags: what they are called is what counts.
            return Value(paths=(left.paths + right.paths)[:6], cls="int")
        return (
            Value(cls="int")
            if node.op in ("-", "*", "/", "//", "&", "^", "**")
            else Value(taint=taint_of([left, right]), steps=steps_of([left, right]))
        )

    def streamed(self, node: Bin, left: Value, right: Value, state: State) -> Value:
        """C++: `cin >> x` writes x."""
        if node.op == ">>" and any(p.endswith("cin") for p in left.paths):
            self.store(
                node.right, right.but(taint={("input", self.key_of(node.right)): frozenset()}, const=UNKNOWN), state
            )
            return left
        return Value(taint=taint_of([left, right]), paths=left.paths)

    def logic(self, node: Bin, state: State) -> Value:
        left = self.eval(node.left, state)
        yes, no = left.guard or guards.truth(left)
        both = node.op in ("and", "&&")
        inner = state.copy()
        inner.learn(yes if both else no)
        right = self.eval(node.right, inner)
        state.env = inner.env
        if inner.dead and not state.dead:
            # `x or die()`: what follows has x true.
            state.learn(no if both else yes)
            return left
        ryes, rno = right.guard or guards.truth(right)
        guard = (
            (guards.merged(yes, ryes), guards.common(no, rno))
            if both
            else (guards.common(yes, ryes), guards.merged(no, rno))
        )
        if left.known and both and not left.const:
            return left
        made = join([left, right]) if not both else right
        return made.but(
            guard=guard if guard[0] or guard[1] else None, const=made.const if made.known and left.known else UNKNOWN
        )

    def on_unary(self, node: Unary, state: State) -> Value:
        value = self.eval(node.value, state)
        if node.op in ("not", "!"):
            yes, no = value.guard or guards.truth(value)
            guard = (no, yes) if yes or no else None
            return Value(const=(not value.const) if value.known else UNKNOWN, guard=guard)
        if node.op == "-" and value.known and isinstance(value.const, int | float):
            return constant(-value.const)
        if node.op in ("++", "--"):
            if isinstance(node.value, Name) and value.known:
                state.env[node.value.id] = value.but(const=UNKNOWN)
            return Value(cls="int")
        if node.op == "typeof":
            return Value(steps=value.steps | {"typeof"}, taint=value.taint)
        return value if node.op in ("*", "&", "...", "delete", "+") else Value(cls="int", guard=value.guard)

    def on_cond(self, node: Cond, state: State) -> Value:
        test = self.eval(node.test, state)
        if test.known:
            return self.eval(node.then if test.const else node.other, state)
        yes, no = test.guard or guards.truth(test)
        values = []
        for side, guard in ((node.then, yes), (node.other, no)):
            inner = state.copy()
            inner.learn(guard)
            value = self.eval(side, inner)
            # What was checked on this way stays so in the value, though not after it.
            taint = {key: clean | guard.get(key, frozenset()) for key, clean in value.taint.items()}
            values.append(value.but(taint=taint) if value.taint else value)
        return join(values)

    # -- assignment

    def on_assign(self, node: Assign, state: State) -> Value:
        value = self.eval(node.value, state)
        if isinstance(node.value, Func):
            self.nested.add(id(node.value))
            if not node.value.name:
                if isinstance(node.target, Name):
                    self.functions.setdefault(node.target.id, [node.value])
                value = Value(func=node.value, texts=self.answer(self.run_closure(node.value, state)))
        if node.op in ("||=", "??=", "or="):
            value = join([self.eval(node.target, state), value])
        elif node.op not in ("=", ":=", "=>") and node.op.endswith("="):
            old = self.eval(node.target, state)
            if node.op[:-1] in _CONCAT and not (_numeric(old) or _numeric(value)):
                # Pieces that were put together earlier count as built even while they are all constant.
                value = concat([old, value])
            else:
                value = Value(
                    taint=taint_of([old, value]) if not _numeric(value) else {}, cls="int" if _numeric(value) else ""
                )
        if node.type:
            if self.facts.get("safe_types") and _matches(self.facts["safe_types"], node.type):
                value = value.but(taint={}) if value.taint else value
            if not value.cls or value.cls == "str":
                value = value.but(cls=node.type)
        self.bind(node.target, value, state, node)
        return value

    def bind(self, target: Node, value: Value, state: State, node: Node) -> None:
        if isinstance(target, Name):
            name = target.id
            self.check_set(name, (name,), None, value, node, state)
            state.env[name] = value
            for key in [k for k in state.env if k.startswith(name + ".")]:
                del state.env[key]
        elif isinstance(target, Member):
            obj = self.eval(target.obj, state)
            raw = self.key_of(target)
            names = [f"{p}.{target.name}" for p in (*obj.paths[:3], obj.cls) if p]
            paths = tuple(dict.fromkeys([*names, raw or f"?.{target.name}"]))
            self.check_set(target.name, paths, obj, value, node, state)
            if raw:
                state.env[raw] = value
            if not raw.startswith("this."):
                self.store(target.obj, obj.but(attrs={**(obj.attrs or {}), target.name: value}), state)
        elif isinstance(target, Index):
            self.bind_index(target, value, state, node)
        elif isinstance(target, Seq):
            for i, part in enumerate(target.items):
                known = value.items is not None and i < len(value.items)
                self.bind(part, value.items[i] if known and value.items is not None else self.part(value), state, node)
        elif isinstance(target, Map):
            for entry, part in target.pairs:
                name = str(entry.value) if isinstance(entry, Const) and entry.value else ""
                path = f"{value.paths[0]}.{name}" if value.paths else ""
                self.bind(part, self.property(value, name, path) if name else value, state, node)
        elif isinstance(target, Unary):
            self.store(target.value, value, state)
        elif isinstance(target, Call | Other):
            self.eval(target, state)

    def part(self, value: Value) -> Value:
        return Value(taint=value.taint, steps=value.steps, paths=tuple(p + "[]" for p in value.paths[:2]))

    def bind_index(self, target: Index, value: Value, state: State, node: Node) -> None:
        obj, key = self.eval(target.obj, state), self.eval(target.key, state)
        raw = self.key_of(target.obj)
        paths = tuple(
            f"{p}.[]" for p in dict.fromkeys([*obj.paths[:3], *([obj.cls] if obj.cls else []), *([raw] if raw else [])])
        )
        given = Given(obj, [key, value], {"key": key, "value": value})
        self.check(self.language.sets, paths, node, given, state)
        if key.known and isinstance(key.const, str):
            self.check_set(key.const, tuple(p[:-2] + key.const for p in paths), obj, value, node, state)
            attrs = {**(obj.attrs or {}), key.const: value}
            self.store(
                target.obj, obj.but(attrs=attrs, taint=obj.taint if obj.closed else taint_of([obj, value])), state
            )
            return
        if obj.items is not None and key.known and isinstance(key.const, int) and 0 <= key.const < len(obj.items):
            items = [*obj.items]
            items[key.const] = value
            self.store(target.obj, self.listed(items).but(cls=obj.cls), state)
            return
        self.store(target.obj, obj.but(taint=taint_of([obj, value]), items=None, const=UNKNOWN), state)

    def store(self, node: Node, value: Value, state: State) -> None:
        """Give a new value to whatever an expression names; nothing where it names nothing."""
        if isinstance(node, Call | Unary):
            inner = node.args[0].value if isinstance(node, Call) and node.args else getattr(node, "value", None)
            if inner is not None and isinstance(node, Unary):
                self.store(inner, value, state)
            elif isinstance(node, Call) and isinstance(node.func, Member):
                self.store(node.func.obj, value, state)
            return
        if isinstance(node, Index):
            node = node.obj
        key = self.key_of(node)
        if key:
            state.env[key] = value

    def check_set(
        self, name: str, paths: tuple[str, ...], obj: Value | None, value: Value, node: Node, state: State
    ) -> None:
        self.check(self.language.sets, paths, node, Given(obj, [value], {"value": value}), state)
        if isinstance(value.const, str) and not (paths[0].startswith("%.") and value.const.isalpha()):
            short = name.rsplit(".", 1)[-1]
            for rule, names, texts in self.language.names:
                if names.search(short) and texts.search(value.const):
                    self.report(rule, node)

    def check_return(self, node: Node, value: Value, state: State) -> None:
        """What a handler answers is a page where its framework says so."""
        for rule, marker in self.language.returns:
            if not any(m == marker or m.startswith(marker + ".") for m in self.modules):
                continue
            whole = value.items[0] if value.items else value
            if whole.attrs is not None or (whole.steps & {"+", "format"} and not whole.built):
                continue
            if rule.texts is not None and not whole.built:
                continue
            key = reaches(rule, whole, state)
            if key is not None:
                self.report(rule, node, key)


def _numeric(value: Value) -> bool:
    return (value.known and isinstance(value.const, int | float)) or value.cls in (
        "int",
        "long",
        "double",
        "float",
        "number",
    )


def _element_class(cls: str) -> str:
    return cls.split("[")[0] if "[" in cls else ""


def _matches(expression: str, text: str) -> bool:
    return re.search(expression, text) is not None
