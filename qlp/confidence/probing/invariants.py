"""Checks that the platform makes by itself: types of results, arguments left alone, the same answer twice, and what the
words of the request promise (sorted, unique, ...; data/promises.toml)."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

from qlp.confidence.probing import wire
from qlp.confidence.probing.models import Example, ProbeInput, Target, Wire
from qlp.confidence.probing.outcomes import Behaviour
from qlp.confidence.probing.signature import Hint, signature_of

_NUMERIC = {"int": {"int", "bool"}, "float": {"float", "int"}, "bool": {"bool"}}


def allowed_kinds(target: Target, examples: Sequence[Example]) -> frozenset[str]:
    """Kinds of results (wire.kind) that the annotation, the examples or the words allow; empty if nothing is said."""
    hint = signature_of(target).returns
    kinds = _kinds(hint)
    plain = [e for e in examples if not e.wrap]
    shown = {k for e in plain for k in (wire.kind(e.expected), *(wire.kind(a) for a in e.also))}
    if shown == {"int"} or shown == {"float"}:
        shown = {"int", "float"} if "float" in shown or target.language == "javascript" else {"int"}
    if target.language == "javascript" and "tuple" in shown:
        shown |= {"list"}
    if not kinds and not shown:
        kinds = frozenset(k for pattern, k in _types() if pattern.search(target.text))
    return kinds | frozenset(shown)


def _kinds(hint: Hint) -> frozenset[str]:
    if hint.kind == "union":
        members = [_kinds(h) for h in hint.inner]
        return frozenset().union(*members) if all(members) else frozenset()
    if hint.kind == "any":
        return frozenset()
    return frozenset({"float": {"int", "float"}}.get(hint.kind, {hint.kind}))


def fits(result: Wire, kinds: frozenset[str]) -> bool:
    found = wire.kind(result)
    if not kinds or found == "large":
        return True
    if found == "float" and "int" in kinds:
        number = wire.number(result)
        return number is not None and number.is_integer()  # 2.0 for 2; never an infinity or NaN
    return found in kinds or (found == "int" and "float" in kinds)


def promises(target: Target) -> tuple[str, ...]:
    """Names of the relations that the request's words promise."""
    return tuple(dict.fromkeys(name for pattern, name in _promises() if pattern.search(target.text)))


def kept(name: str, arguments: Sequence[Wire], result: Wire) -> bool | None:
    """Whether one result keeps a promise; None where it does not apply to these values."""
    return _RELATIONS[name](arguments, result)


def check(
    behaviour: Behaviour, inputs: Sequence[ProbeInput], kinds: frozenset[str], promised: Sequence[str], *, skip: int
) -> tuple[float | None, float | None, float | None]:
    """(share of all checks that hold, share of results of the right type, share answered alike twice), over inputs
    that are meant (no edges); None where nothing was checked."""
    typed: list[bool] = []
    repeated: list[bool] = []
    others: list[bool] = []
    for i, one in enumerate(inputs):
        if i < skip and one.kind == "example":
            continue
        again = behaviour.repeatable[i]
        if again is not None:
            repeated.append(again)
        if behaviour.outcomes[i].status != "value" or one.kind == "edge":
            continue
        result = behaviour.results[i]
        if kinds:
            typed.append(fits(result, kinds))
        others += [k for name in promised if (k := kept(name, one.arguments, result)) is not None]
    everything = typed + repeated + others
    return _share(everything), _share(typed), _share(repeated)


def _share(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def _sorted(descending: bool) -> Callable[[Sequence[Wire], Wire], bool | None]:
    def relation(arguments: Sequence[Wire], result: Wire) -> bool | None:
        del arguments
        values = wire.items(result)
        if wire.kind(result) not in ("list", "tuple") or len(values) < 2:
            return None
        if all(isinstance(v, str) for v in values):
            ordered = sorted(values, reverse=descending)
        elif all(wire.number(v) is not None for v in values):
            ordered = sorted(values, key=lambda v: wire.number(v) or 0.0, reverse=descending)
        else:
            return None
        return [wire.canonical(v) for v in ordered] == [wire.canonical(v) for v in values]

    return relation


def _unique(arguments: Sequence[Wire], result: Wire) -> bool | None:
    del arguments
    values = [wire.canonical(v) for v in wire.items(result)]
    return len(set(values)) == len(values) if wire.kind(result) in ("list", "tuple") and values else None


def _permutation(arguments: Sequence[Wire], result: Wire) -> bool | None:
    if wire.kind(result) != "list" or not arguments or wire.kind(arguments[0]) != "list":
        return None
    before, after = (Counter(wire.canonical(v) for v in wire.items(w)) for w in (arguments[0], result))
    return before == after


def _subset(arguments: Sequence[Wire], result: Wire) -> bool | None:
    if wire.kind(result) != "list" or not arguments or wire.kind(arguments[0]) != "list":
        return None
    there = {wire.canonical(v) for v in wire.items(arguments[0])}
    return all(wire.canonical(v) in there for v in wire.items(result))


_RELATIONS: dict[str, Callable[[Sequence[Wire], Wire], bool | None]] = {
    "ascending": _sorted(False),
    "descending": _sorted(True),
    "unique": _unique,
    "permutation": _permutation,
    "subset": _subset,
}


@cache
def _promises() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["words"], re.I), row["relation"]) for row in _table()["promise"])


@cache
def _types() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["words"], re.I), row["kind"]) for row in _table()["result"])


@cache
def _table() -> dict[str, list[dict[str, str]]]:
    return tomllib.loads((files(__package__) / "data" / "promises.toml").read_text("utf-8"))
