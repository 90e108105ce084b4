"""What the analysis knows of a value: where it may come from, and what of it is constant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from .ir import Func

Key = tuple[str, str]
"""(kind of source: web, input, param; identity of the source within the file)."""
Taint = dict[Key, frozenset[str]]
"""Source -> labels of the sinks that it has been made safe for; `all` is every label."""
Guard = dict[Key, frozenset[str]]
ALL = frozenset({"all"})
_TEXT = 400


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Any = _Unknown()


@dataclass(slots=True)
class Value:
    taint: Taint = field(default_factory=dict)
    const: Any = UNKNOWN
    paths: tuple[str, ...] = ()
    """Dotted names that this value goes by: `flask.request.args`, `sqlite3.connect().cursor()`."""
    cls: str = ""
    """Its class, where a declaration or a constructor says it."""
    items: list[Value] | None = None
    """Elements of a sequence that is known element by element."""
    attrs: dict[str, Value] | None = None
    """Entries of a map, or properties and setters of an object."""
    closed: bool = False
    """`attrs` holds all that there is: a literal map."""
    func: Func | None = None
    prefix: str = ""
    """Constant beginning of a string."""
    texts: str = ""
    """Constant pieces of a built string, in order."""
    built: bool = False
    """A string made of constant and other pieces."""
    steps: frozenset[str] = frozenset()
    """Names of members and calls since the source."""
    root: bool = False
    """It is the source itself: keys of the next look-up belong to its identity."""
    guard: tuple[Guard, Guard] | None = None
    """What is known to be safe where this value is true, and where it is false."""

    @property
    def known(self) -> bool:
        return self.const is not UNKNOWN

    @property
    def text(self) -> str:
        """All constant text of the value, for looking at with a regular expression."""
        if self.known:
            return str(self.const)
        if self.items:
            return " ".join(i.text for i in self.items)[:_TEXT]
        return self.texts

    def but(self, **changes: Any) -> Value:
        return replace(self, **changes)


def constant(value: Any) -> Value:
    return Value(const=value, prefix=value[:_TEXT] if isinstance(value, str) else "")


def named(*paths: str) -> Value:
    return Value(paths=paths)


def taint_of(values: Iterable[Value]) -> Taint:
    made: Taint = {}
    for value in values:
        for key, clean in value.taint.items():
            made[key] = made[key] & clean if key in made else clean
    return made


def cleaned(taint: Taint, labels: frozenset[str]) -> Taint:
    return {key: clean | labels for key, clean in taint.items()}


def steps_of(values: Iterable[Value]) -> frozenset[str]:
    made: frozenset[str] = frozenset()
    for value in values:
        made |= value.steps
    return made


def concat(parts: list[Value]) -> Value:
    """A string of the parts."""
    if parts and all(p.known for p in parts):
        return constant("".join("" if p.const is None else str(p.const) for p in parts))
    prefix = ""
    for part in parts:
        if part.known:
            prefix += str(part.const)
            continue
        prefix += part.prefix
        break
    texts = " ".join(p.text for p in parts if p.text)[:_TEXT]
    return Value(
        taint=taint_of(parts),
        prefix=prefix[:_TEXT],
        texts=texts,
        built=True,
        steps=steps_of(parts) | {"+"},
        cls="str",
    )


def join(values: list[Value]) -> Value:
    """One of the values, it is not known which."""
    if len(values) == 1:
        return values[0]
    first = values[0]
    if all(v is first for v in values):
        return first
    if all(v.known for v in values):
        if all(v.const == first.const and type(v.const) is type(first.const) for v in values):
            return first
        return Value(
            texts=" ".join(str(v.const) for v in values)[:_TEXT],
            steps=frozenset({"const"}),
            guard=_either(values),
        )
    paths = tuple(dict.fromkeys(p for v in values for p in v.paths))[:4]
    classes = {v.cls for v in values if v.cls}
    attrs: dict[str, Value] | None = None
    if all(v.attrs is not None for v in values):
        shared = set.intersection(*(set(v.attrs or {}) for v in values))
        attrs = {k: join([(v.attrs or {})[k] for v in values]) for k in shared}
    elif any(v.attrs is not None for v in values) and all(v.attrs is not None or v.const is None for v in values):
        attrs = next(v.attrs for v in values if v.attrs is not None)
    return Value(
        taint=taint_of(values),
        paths=paths,
        cls=classes.pop() if len(classes) == 1 else "",
        attrs=attrs,
        func=next((v.func for v in values if v.func is not None), None),
        prefix=first.prefix if all(v.prefix == first.prefix for v in values) else "",
        texts=" ".join(dict.fromkeys(v.text for v in values if v.text))[:_TEXT],
        built=any(v.built for v in values),
        steps=steps_of(values),
        guard=_either(values),
    )


def _either(values: list[Value]) -> tuple[Guard, Guard] | None:
    """A value that is always false says nothing about what holds where the whole is true, and the other way round."""
    if not any(v.guard for v in values):
        return None
    sides: list[Guard] = []
    for side in (0, 1):
        said = [(v.guard or ({}, {}))[side] for v in values if not (v.known and bool(v.const) == bool(side))]
        both: Guard = {}
        for key in set.intersection(*(set(g) for g in said)) if said else ():
            both[key] = frozenset.intersection(*(g[key] for g in said))
        sides.append(both)
    return sides[0], sides[1]


@dataclass(slots=True)
class State:
    """Variables at one point of a function."""

    env: dict[str, Value] = field(default_factory=dict)
    guards: Guard = field(default_factory=dict)
    outer: State | None = None
    """Globals; read only."""
    dead: bool = False
    """Control does not come here."""

    def copy(self) -> State:
        return State(dict(self.env), dict(self.guards), self.outer, self.dead)

    def look(self, name: str) -> Value | None:
        found = self.env.get(name)
        if found is None and self.outer is not None:
            return self.outer.look(name)
        return found

    def learn(self, guard: Guard) -> None:
        for key, labels in guard.items():
            self.guards[key] = self.guards.get(key, frozenset()) | labels

    def become(self, other: State) -> None:
        self.env, self.guards, self.dead = other.env, other.guards, other.dead


def merge(states: list[State], outer: State | None) -> State:
    """After a branch: what holds on every way that is alive."""
    alive = [s for s in states if not s.dead]
    if not alive:
        made = states[0].copy()
        made.dead = True
        return made
    if len(alive) == 1:
        return alive[0].copy()
    guards: Guard = {}
    for key in set.intersection(*(set(s.guards) for s in alive)):
        labels = frozenset.intersection(*(s.guards[key] for s in alive))
        if labels:
            guards[key] = labels
    for one in alive:
        settle(one, guards)
    env: dict[str, Value] = {}
    for name in dict.fromkeys(k for s in alive for k in s.env):
        values = [v for s in alive if (v := s.env.get(name)) is not None]
        env[name] = join(values)
    return State(env, guards, outer)


def settle(state: State, kept: Guard) -> None:
    """Write into the values what was found out on this way alone, since it is forgotten where the ways meet."""
    extra = {k: labels for k, labels in state.guards.items() if labels - kept.get(k, frozenset())}
    if not extra:
        return
    for name, value in state.env.items():
        if value.taint and not extra.keys().isdisjoint(value.taint):
            taint = {k: clean | extra.get(k, frozenset()) for k, clean in value.taint.items()}
            state.env[name] = value.but(taint=taint)
