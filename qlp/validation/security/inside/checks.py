"""Holds rules against one call or assignment: conditions on arguments, and sources that reach a sink."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .ir import Node
from .rules import Condition, Place, Rule
from .values import Key, State, Value


@dataclass(slots=True)
class Given:
    """The arguments of one call, evaluated."""

    this: Value | None
    positional: list[Value]
    named: dict[str, Value]
    open: bool = False
    """There may be more arguments: `*args`, `**kwargs`."""

    @property
    def line(self) -> str:
        """The arguments as words of a command line, as far as they are constant: what a condition on `*` reads."""
        return " ".join(str(v.const) if v.known else v.text for v in self.positional)

    def get(self, key: str) -> Value | bool | None:
        """The value, None where there is certainly none, False where it cannot be known."""
        head, _, rest = key.partition(".")
        found: Value | None
        if head == "this":
            found = self.this
        elif head.lstrip("-").isdigit():
            index = int(head)
            if index < 0:
                found = self.positional[index] if len(self.positional) >= -index else None
            else:
                found = self.positional[index] if index < len(self.positional) else None
        else:
            found = self.named.get(head)
            if found is None and "{}" in self.named:
                found = (self.named["{}"].attrs or {}).get(head)
        if found is None:
            return False if self.open else None
        return property_of(found, rest) if rest else found


def property_of(value: Value, path: str) -> Value | bool | None:
    for part in path.split("."):
        if value.attrs is None:
            return None if value.known or value.cls or value.items is not None else False
        if part not in value.attrs:
            return None if value.closed or value.cls else False
        value = value.attrs[part]
    return value


def holds(one: Condition, given: Given, context: str) -> bool:
    """Whether the condition certainly holds."""
    found: Value | bool | None = None
    for key in one.keys:
        if key == "context":
            hit = bool(one.value.search(context))
            return hit != one.negated
        if key == "*":
            hit = bool(one.value.search(given.line))
            return hit != one.negated
        got = given.get(key)
        if isinstance(got, Value):
            found = got
            break
        if got is False:
            found = False
    if found is False:
        return False
    if found is None:
        return one.negated
    assert isinstance(found, Value)
    if one.op == "":
        return not one.negated
    return _holds(one, found)


def _holds(one: Condition, value: Value) -> bool:
    if one.op == "=":
        if not value.known:
            names = value.paths + ((value.cls,) if value.cls else ())
            hit = isinstance(one.value, str) and any(p == one.value or p.endswith("." + one.value) for p in names)
            return hit and not one.negated
        return (_same(value.const, one.value)) != one.negated
    if one.op == "~":
        text = " ".join(
            filter(None, (value.text, value.texts if value.known else "", "" if value.known else " ".join(value.paths)))
        )
        hit = bool(one.value.search(text))
        if one.negated and not hit and not value.known and not value.items and not value.paths and value.attrs is None:
            return False
        return hit != one.negated
    kind = one.value
    hit = {
        "const": value.known and value.const is not None,
        "var": not value.known and not value.texts and value.items is None,
        "built": value.built,
        "list": value.items is not None,
        "tainted": bool(value.taint),
        "null": value.known and value.const is None,
    }[kind]
    return hit != one.negated


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return bool(a == b or (isinstance(a, str) and str(b) == a))


def wanted(args: tuple[str, ...], given: Given) -> Iterator[Value]:
    """The values that a sink's argument list names."""
    for arg in args:
        if arg == "*":
            yield from given.positional
            yield from given.named.values()
        elif arg == "this":
            if given.this is not None:
                yield given.this
        elif arg.endswith("-"):
            yield from given.positional[int(arg[:-1]) :]
        else:
            got = given.get(arg)
            if isinstance(got, Value):
                yield got


def reaches(rule: Rule, value: Value, state: State) -> Key | None:
    """The source that comes to the sink in this value, if it was not made safe on the way."""
    if rule.safe_prefix is not None and value.prefix and rule.safe_prefix.match(value.prefix):
        return None
    best: Key | None = None
    for key, clean in value.taint.items():
        kind = key[0]
        if kind not in rule.kinds:
            continue
        if kind == "param" and rule.weak == "built" and not value.built:
            continue
        if rule.texts is not None and (value.built or kind == "input") and not rule.texts.search(value.text):
            continue
        known = clean | state.guards.get(key, frozenset())
        if "all" in known or rule.label in known:
            continue
        if best is None or kind == "web":
            best = key
    return best


def fires(place: Place, given: Given, context: str) -> bool:
    return all(holds(c, given, context) for c in place.conditions)


@dataclass(slots=True)
class Hit:
    """A finding in the making."""

    rule: Rule
    at: tuple[int, int, int, int]
    source: str = ""
    weak: bool = False


def hit(rule: Rule, node: Node, key: Key | None = None) -> Hit:
    return Hit(rule, node.at, key[1] if key else "", bool(key and key[0] == "param"))
