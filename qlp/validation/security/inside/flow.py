"""Walks the small tree of a file as a program would run: statements, branches, functions called within the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import guards
from .checks import Hit
from .expressions import Expressions
from .ir import (
    Arg,
    Assign,
    Bin,
    Block,
    Call,
    Case,
    Class,
    Cond,
    Const,
    Func,
    If,
    Import,
    Index,
    Join,
    Jump,
    Loop,
    Map,
    Member,
    Name,
    Node,
    Other,
    Param,
    Return,
    Seq,
    Switch,
    Try,
    Unary,
    walk,
)
from .rules import Language
from .values import UNKNOWN, Guard, State, Value, constant, join, merge

FUEL = 150_000
"""Nodes that are walked in one file before it is given up."""
DEPTH = 6
"""Calls within the file that are followed into each other."""


class OutOfFuel(Exception):
    """The file costs too much; what was found so far stays."""


@dataclass
class Frame:
    """A function that is being walked."""

    func: Func | None = None
    web: bool = False
    """It answers a request."""
    returns: list[Value] = field(default_factory=list)
    ends: list[Guard] = field(default_factory=list)
    """What was known to be safe at each return."""
    exits: list[list[State]] = field(default_factory=list)
    """States at the breaks of the loops and switches around."""
    context: str = ""
    called: bool = False
    """Walked because of a call, not as an entry."""


class Flow(Expressions):
    """The analysis of one file."""

    def __init__(self, language: Language, name: str, tree: Node) -> None:
        super().__init__(language, name)
        self.tree = tree
        self.fuel = FUEL
        self.cut = False
        self.frames: list[Frame] = [Frame()]
        self.stack: list[int] = []
        self.functions: dict[str, list[Func]] = {}
        self.classes: dict[str, Class] = {}
        self.called: set[str] = set()
        self.pending: list[tuple[Func, State]] = []
        self.contexts: dict[int, str] = {}
        self.results: dict[tuple[object, ...], Value] = {}
        for node in walk(tree):
            if isinstance(node, Func) and node.name:
                self.functions.setdefault(node.name, []).append(node)
            elif isinstance(node, Class):
                self.classes[node.name] = node
                for part in node.body:
                    if isinstance(part, Func):
                        part.cls = node.name
                        part.marks = [*part.marks, *(Name(node.at, "class:" + base) for base in node.bases)]
            elif isinstance(node, Call):
                self.called.add(node.func.name if isinstance(node.func, Member) else getattr(node.func, "id", ""))
                if node.new and isinstance(node.func, Name):
                    self.called.add(f"{node.func.id}.<init>")
            elif isinstance(node, Import):
                self.modules.add(node.module)
                self.modules.update(node.names.values())

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def run(self) -> list[Hit]:
        module = State()
        try:
            self.top(self.tree, module)
            module.dead = False
            while self.pending:
                func, state = self.pending.pop(0)
                self.entry(func, state)
        except OutOfFuel:
            self.cut = True
        return list(self.hits.values())

    def top(self, tree: Node, state: State) -> None:
        for node in tree.body if isinstance(tree, Block) else [tree]:
            state.dead = False
            self.frame.context = "" if isinstance(node, Func | Class) else self.context(node)
            self.eval(node, state)

    def context(self, node: Node) -> str:
        made = self.contexts.get(id(node))
        if made is None:
            made = self.contexts[id(node)] = context_of(node)
        return made

    # -- functions

    def entry(self, func: Func, around: State) -> None:
        """Walk a function that anybody may call."""
        state = State(outer=around)
        state.env.update({k: v for k, v in around.env.items() if k.startswith("this.")})
        name = func.name
        local = name in self.called or (name == "<init>" and f"{func.cls}.<init>" in self.called)
        web = self.is_handler(func)
        for index, param in enumerate(func.params):
            state.env.update(self.parameter(func, param, index, web, local))
        self.walk_body(func, state, Frame(func, web, context=self.context(func) + " " + func.cls))
        if name == "<init>":
            around.env.update({k: v for k, v in state.env.items() if k.startswith("this.")})

    def walk_body(self, func: Func, state: State, frame: Frame) -> Value:
        self.frames.append(frame)
        self.stack.append(id(func))
        try:
            value = self.eval(func.body, state)
            if func.arrow and not state.dead:
                self.leave(func, value, state)
            elif not state.dead:
                frame.ends.append(dict(state.guards))
        finally:
            self.frames.pop()
            self.stack.pop()
        return join(frame.returns) if frame.returns else constant(None)

    def is_handler(self, func: Func) -> bool:
        routes = self.facts.get("routes")
        if routes and any(re.search(routes, mark_text(m)) for m in func.marks):
            return True
        names = self.facts.get("request_names", [])
        return any(p.name in names for p in func.params[:2]) or bool(
            (types := self.facts.get("request_types")) and any(re.search(types, p.type) for p in func.params)
        )

    def parameter(self, func: Func, param: Param, index: int, web: bool, local: bool) -> dict[str, Value]:
        """What a parameter is when nobody in the file says so."""
        facts = self.facts
        base = Value(paths=(param.name,), cls=param.type, root=True)
        if param.keys:
            # A destructured request: `({ body, query })`, or the properties of a component.
            made: dict[str, Value] = {}
            for key in param.keys:
                kind = self.source_of(("req." + key,))
                made[key] = (
                    Value(taint={(kind, key): frozenset()}, paths=(key,), root=True) if kind else Value(paths=(key,))
                )
            return made
        plain = re.search(facts.get("safe_types", r"(?!)"), param.type) is not None
        ident = f"{param.name}"
        if param.default is not None and isinstance(param.default, Call):
            mark = getattr(param.default.func, "id", "")
            if mark in facts.get("safe_defaults", []):
                return {param.name: Value(paths=(param.name,), cls=param.type)}
        kind = self.source_of((param.name,)) if param.name else None
        if kind and not param.type:
            return {param.name: base.but(taint={(kind, ident): frozenset()})}
        marked = set(param.marks) & set(facts.get("param_marks", []))
        typed = facts.get("param_types")
        if marked or (typed and re.search(typed, param.type)):
            return {param.name: base.but(taint={} if plain else {("web", ident): frozenset()})}
        skip = param.name in facts.get("plain_names", []) or plain or (index == 0 and param.name in ("self", "cls"))
        if skip or not param.name:
            return {param.name: base.but(root=False)}
        if web and not marked and facts.get("route_params") and self.route_allows(func, param):
            return {param.name: base.but(taint={("web", ident): frozenset()})}
        strings = facts.get("string_types")
        if not local and (not param.type or (strings and re.search(strings, param.type))):
            kind = "input" if func.name == "main" and param.name in ("args", "argv") else "param"
            return {param.name: base.but(taint={(kind, ident): frozenset()})}
        return {param.name: base.but(root=False)}

    def route_allows(self, func: Func, param: Param) -> bool:
        """`/x/<int:n>` gives a number, whatever is asked for."""
        text = " ".join(mark_text(m) for m in func.marks)
        if re.search(rf"<(?:int|float|uuid):{re.escape(param.name)}>", text):
            return False
        strings = self.facts.get("string_types")
        if not param.type or not strings or re.search(strings, param.type):
            return True
        made = self.classes.get(param.type)
        if made is not None:
            return any(re.search(r"Model|Schema|Base$|Struct", b) for b in made.bases)
        return (
            re.search(r"(Request|In|Create|Update|Payload|Body|Schema|Input|Form|Dto|DTO|Model)$", param.type)
            is not None
        )

    def follow(
        self, func: Func, args: list[Value], named: dict[str, Value], state: State, this: Value | None
    ) -> Value | None:
        """The value of a call of a function of this file; None where it is not followed."""
        if len(self.stack) >= DEPTH or id(func) in self.stack:
            return None
        memo = self.memo_key(func, args, named, state)
        if memo is not None and memo in self.results:
            return self.results[memo]
        outer = state.outer or state
        inner = State({k: v for k, v in state.env.items() if k.startswith("this.")}, dict(state.guards), outer)
        if not func.name or id(func) in self.nested:
            inner.env = dict(state.env)
        params = [p for i, p in enumerate(func.params) if not (i == 0 and p.name in ("self", "cls"))]
        for i, param in enumerate(params):
            value = args[i] if i < len(args) else named.get(param.name)
            if value is None and param.default is not None:
                value = self.eval(param.default, inner)
            value = value or Value(paths=(param.name,))
            if param.keys:
                for key in param.keys:
                    inner.env[key] = self.property(value, key)
                continue
            if param.type and not value.cls:
                value = value.but(cls=param.type)
            inner.env[param.name] = value
        around = "" if func.name else " " + self.frame.context
        frame = Frame(func, self.frame.web, context=self.context(func) + around, called=True)
        result = self.walk_body(func, inner, frame)
        for key, value in inner.env.items():
            if key.startswith("this.") or (not func.name and key in state.env):
                state.env[key] = value
        if frame.ends:
            known = frame.ends[0]
            for other in frame.ends[1:]:
                known = guards.common(known, other)
            state.learn(known)
        elif inner.dead and not frame.returns:
            state.dead = True
        if memo is not None and not state.dead and not any(frame.ends):
            self.results[memo] = result
        return result

    def memo_key(
        self, func: Func, args: list[Value], named: dict[str, Value], state: State
    ) -> tuple[object, ...] | None:
        """What a call depends on where nothing comes from a source: then it need not be walked again."""
        values = [*args, *named.values()]
        if not func.name or id(func) in self.nested or any(v.taint or v.items or v.attrs or v.func for v in values):
            return None
        if any(v.taint for k, v in state.env.items() if k.startswith("this.")):
            return None
        seen = tuple((str(v.const) if v.known else "", v.paths[:1], v.cls, v.built) for v in values)
        return (id(func), tuple(named), seen)

    def leave(self, node: Node, value: Value, state: State) -> None:
        if value.known and isinstance(value.const, bool) and value.guard is None:
            sides: list[Guard] = [{}, {}]
            sides[0 if value.const else 1] = dict(state.guards)
            value = value.but(guard=(sides[0], sides[1]))
        self.frame.returns.append(value)
        if not (value.known and value.const in (None, False)):
            self.frame.ends.append(dict(state.guards))
        if self.frame.web and not self.frame.called:
            self.check_return(node, value, state)
        state.dead = True

    # -- statements

    def on_block(self, node: Block, state: State) -> Value:
        value = constant(None)
        for part in node.body:
            if state.dead:
                break
            value = self.eval(part, state)
        return value

    def on_func(self, node: Func, state: State) -> Value:
        value = Value(func=node, paths=(node.name,) if node.name else ())
        if node.name:
            state.env.setdefault(node.name, value)
        if state.outer is None and len(self.frames) == 1 and node.name:
            self.pending.append((node, state))
        else:
            self.nested.add(id(node))
            if id(node) not in self.stack:
                self.run_closure(node, state)
        return value

    def run_closure(self, node: Func, state: State, given: list[Value] | None = None) -> Value:
        """Walk a function where it stands, with the variables around it."""
        if id(node) in self.stack or len(self.stack) > DEPTH:
            return Value()
        inner = state.copy()
        inner.outer, inner.dead = state.outer, False
        web = self.is_handler(node)
        for index, param in enumerate(node.params):
            if given is not None and index < len(given) and param.name:
                inner.env[param.name] = given[index]
            else:
                inner.env.update(self.parameter(node, param, index, web, True))
        frame = Frame(node, web, context=self.context(node) + " " + self.frame.context[:200])
        result = self.walk_body(node, inner, frame)
        own = {p.name for p in node.params}
        for key, value in inner.env.items():
            if key in state.env and key not in own and state.env[key] is not value:
                state.env[key] = join([state.env[key], value])
        return result

    def on_class(self, node: Class, state: State) -> Value:
        inner = State(outer=state)
        for part in node.body:
            if isinstance(part, Func):
                continue
            self.frame.context = self.context(part)
            self.eval(part, inner)
        for key, value in list(inner.env.items()):
            inner.env.setdefault(f"this.{key}", value)
            state.env.setdefault(f"{node.name}.{key}", value)
        methods = [p for p in node.body if isinstance(p, Func)]
        methods.sort(key=lambda f: f.name not in ("<init>", "__init__", "constructor"))
        for method in methods:
            if method.name in ("__init__", "constructor"):
                method.name = "<init>"
            if len(self.frames) == 1 and state.outer is None:
                self.pending.append((method, inner))
            else:
                self.entry(method, inner)
        return Value(paths=(node.name,), cls="")

    def on_import(self, node: Import, state: State) -> Value:
        for name, path in node.names.items():
            state.env[name] = Value(paths=(path,))
            self.imported.add(path)
        self.check_name(f"import.{node.module}", node, state)
        return constant(None)

    def on_if(self, node: If, state: State) -> Value:
        test = self.eval(node.test, state)
        yes, no = test.guard or guards.truth(test)
        if test.known:
            chosen = node.then if test.const else node.other
            return self.eval(chosen, state) if chosen is not None else constant(None)
        then, other = state.copy(), state.copy()
        then.learn(yes)
        other.learn(no)
        values = [self.eval(node.then, then)]
        if node.other is not None:
            values.append(self.eval(node.other, other))
        after = merge([then, other], state.outer)
        state.become(after)
        return join(values)

    def on_loop(self, node: Loop, state: State) -> Value:
        if node.init is not None:
            self.eval(node.init, state)
        over = self.eval(node.over, state) if node.over is not None else None
        before = state.copy()
        self.frame.exits.append([])
        inner = state.copy()
        for _ in range(2):
            inner.dead = False
            if node.test is not None:
                test = self.eval(node.test, inner)
                # A counter is constant only on the way in: what the test says then must not decide.
                inner.learn((test.guard or ({}, {}))[0])
            if node.target is not None and over is not None:
                self.bind(node.target, self.element(over), inner, node)
            self.forget_counters(node, inner)
            self.eval(node.body, inner)
            if node.step is not None:
                inner.dead = False
                self.eval(node.step, inner)
        inner.dead = False
        exits = self.frame.exits.pop()
        endless = node.test is not None and isinstance(node.test, Const) and node.test.value is True
        after = merge([*exits] if endless and exits else [before, inner, *exits], state.outer)
        state.become(after)
        return constant(None)

    def forget_counters(self, node: Loop, state: State) -> None:
        for part in walk(node.body):
            if isinstance(part, Assign) and isinstance(part.target, Name):
                value = state.env.get(part.target.id)
                if value is not None and value.known and not isinstance(value.const, str):
                    state.env[part.target.id] = value.but(const=UNKNOWN)
        if isinstance(node.init, Assign) and isinstance(node.init.target, Name) and node.init.target.id in state.env:
            state.env[node.init.target.id] = Value(cls="int")

    def element(self, over: Value) -> Value:
        if over.items:
            return join(over.items)
        if over.taint:
            return over.but(items=None, attrs=None, const=UNKNOWN)
        return Value(paths=tuple(p + "[]" for p in over.paths[:2]))

    def on_return(self, node: Return, state: State) -> Value:
        value = self.eval(node.value, state) if node.value is not None else constant(None)
        self.leave(node, value, state)
        if self.comprehension(node):
            state.dead = False
        return value

    def comprehension(self, node: Return) -> bool:
        """A comprehension gives each of its values, not only the first."""
        func = self.frame.func
        return func is not None and not func.name and not func.params and not func.arrow and func.at == node.at

    def on_jump(self, node: Jump, state: State) -> Value:
        if node.value is not None:
            self.eval(node.value, state)
        if node.kind in ("break", "continue", "next") and self.frame.exits:
            self.frame.exits[-1].append(state.copy())
        state.dead = True
        return constant(None)

    def on_try(self, node: Try, state: State) -> Value:
        before = state.copy()
        value = self.eval(node.body, state)
        # A handler may begin after any part of the body: values are joined, and no check counts as made.
        middle = merge([before, State(dict(state.env), {}, state.outer)], state.outer)
        middle.guards = dict(before.guards)
        ends = [state.copy()]
        for handler in node.handlers:
            inner = middle.copy()
            self.eval(handler, inner)
            ends.append(inner)
        state.become(merge(ends, state.outer))
        if node.last is not None:
            dead, state.dead = state.dead, False
            self.eval(node.last, state)
            state.dead = state.dead or dead
        return value

    def on_switch(self, node: Switch, state: State) -> Value:
        subject = self.eval(node.subject, state) if node.subject is not None else Value()
        self.frame.exits.append([])
        cases = node.cases
        default = any(not c.values for c in cases)
        first = self.chosen(cases, subject)
        ends: list[State] = []
        values: list[Value] = []
        running: State | None = None
        for index, case in enumerate(cases):
            if first is not None and (index < first or (index > first and (running is None or running.dead))):
                continue
            inner = state.copy()
            if case.values:
                for each in case.values:
                    self.eval(each, inner)
                if all(isinstance(v, Const) and v.value is not None for v in case.values):
                    inner.learn(guards.exact(subject))
            if running is not None and not running.dead:
                inner = merge([inner, running], state.outer) if first is None else running
            values.append(self.eval(case.body, inner))
            if case.falls:
                running = inner
            if not case.falls or index == len(cases) - 1:
                ends.append(inner)
        ends += self.frame.exits.pop()
        if not default and first is None:
            ends.append(state.copy())
        if ends:
            state.become(merge(ends, state.outer))
        return join(values) if values else constant(None)

    def chosen(self, cases: list[Case], subject: Value) -> int | None:
        """The case that a constant subject takes; None where it is not known."""
        if not subject.known or subject.const is None:
            return None
        default = None
        for index, case in enumerate(cases):
            if not case.values:
                default = index
            for value in case.values:
                if not isinstance(value, Const):
                    return None
                if value.value == subject.const:
                    return index
        return default

    def eval(self, node: Node, state: State) -> Value:
        self.fuel -= 1
        if self.fuel < 0:
            raise OutOfFuel
        handler = _HANDLERS.get(type(node))
        if handler is None:
            return Value()
        made: Value = handler(self, node, state)
        return made


def mark_text(mark: Node) -> str:
    """A decorator as text, strings included."""
    parts: list[str] = []
    for node in walk(mark):
        if isinstance(node, Name):
            parts.append(node.id)
        elif isinstance(node, Member):
            parts.append("." + node.name)
        elif isinstance(node, Const) and isinstance(node.value, str):
            parts.append(f"({node.value})")
    head = mark.func if isinstance(mark, Call) else mark
    names: list[str] = []
    while isinstance(head, Member):
        names.insert(0, head.name)
        head = head.obj
    if isinstance(head, Name):
        names.insert(0, head.id)
    return ".".join(names) + " " + " ".join(parts)


def context_of(node: Node, limit: int = 3000) -> str:
    """Names in a piece of code, strings left out."""
    found: dict[str, None] = {}
    for part in walk(node):
        if isinstance(part, Name):
            found[part.id] = None
        elif isinstance(part, Member | Func | Param | Arg):
            found[part.name] = None
        elif isinstance(part, Map):
            found.update((str(k.value), None) for k, _ in part.pairs if isinstance(k, Const))
        elif isinstance(part, Index) and isinstance(part.key, Const):
            found[str(part.key.value)] = None
        elif isinstance(part, Call) and part.args and isinstance(part.args[0].value, Const):
            found[str(part.args[0].value.value)[:40]] = None
    return " ".join(found)[:limit]


_HANDLERS: dict[type[Node], Callable[[Any, Any, State], Value]] = {
    Block: Flow.on_block,
    Func: Flow.on_func,
    Class: Flow.on_class,
    Import: Flow.on_import,
    If: Flow.on_if,
    Loop: Flow.on_loop,
    Return: Flow.on_return,
    Jump: Flow.on_jump,
    Try: Flow.on_try,
    Switch: Flow.on_switch,
    Name: Flow.on_name,
    Const: Flow.on_const,
    Join: Flow.on_join,
    Member: Flow.on_member,
    Index: Flow.on_index,
    Call: Flow.on_call,
    Seq: Flow.on_seq,
    Map: Flow.on_map,
    Assign: Flow.on_assign,
    Other: Flow.on_other,
    Bin: Flow.on_bin,
    Unary: Flow.on_unary,
    Cond: Flow.on_cond,
}
