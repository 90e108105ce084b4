"""Rules are data (data/rules/*.yaml); here they are read and made quick to look up.

A place is written `PATTERN(ARGUMENTS) if CONDITION & CONDITION`:

- PATTERN: dotted name of what is called, matched at its end (`hashlib.md5` also matches `x.hashlib.md5`); `=name` is
  the whole name; `*` is any one part; `{a,b}` are alternatives.
- ARGUMENTS: which ones must not come from a source: positions, names, `2-` (from there on), `*` (all), `this`.
- CONDITION: `KEY`, `KEY=VALUE`, `KEY~REGEX` or `KEY:KIND`, with `!` for not. KEY is a position, a name, alternatives of
  those (`0|name`), a property (`2.secure`), `this`, `value` or `context` (names of the function around). It holds only
  where it is certain. KIND: const, var, built, list, tainted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

_PLACE = re.compile(r"(?P<pattern>(?:=?new )?\S+?)(?:\((?P<args>[^()]*)\))?(?:\s+if\s+(?P<conditions>.+))?$")
_CONDITION = re.compile(r"(?P<no>!?)(?P<key>[\w.|{}$*-]+)(?:(?P<op>[=~:])(?P<value>.*))?$", re.S)
_LITERALS: dict[str, Any] = {"true": True, "false": False, "none": None, "null": None}
KINDS = ("const", "var", "built", "list", "tainted", "null")


class RuleError(ValueError):
    """A rule that cannot be read."""


@dataclass(frozen=True, slots=True)
class Condition:
    negated: bool
    keys: tuple[str, ...]
    op: str = ""
    value: Any = None


@dataclass(frozen=True, slots=True)
class Pattern:
    text: str
    parts: tuple[str, ...]
    whole: bool

    def fits(self, path: str) -> bool:
        parts = path.split(".")
        mine = self.parts
        if len(parts) < len(mine) or (self.whole and len(parts) != len(mine)):
            return False
        return all(a == "*" or a == b for a, b in zip(reversed(mine), reversed(parts), strict=False))


@dataclass(frozen=True, slots=True)
class Place:
    rule: Rule
    pattern: Pattern
    args: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    severity: str
    cwe: int
    message: str
    fix: str = ""
    label: str = ""
    kinds: frozenset[str] = frozenset({"web"})
    """Sources that count."""
    weak: str = "built"
    """`built`: a parameter counts only as a piece of a built string; `any`; the rest never."""
    texts: Any = None
    """Regular expression that the constant text of a built string must match for a parameter to count."""
    safe_prefix: Any = None
    """A string that begins so is safe whatever follows."""
    severity_weak: str = ""
    skip_tests: bool = False


@dataclass(slots=True)
class Language:
    """All that is known of one language, by the last part of a name."""

    calls: dict[str, list[Place]] = field(default_factory=dict)
    sinks: dict[str, list[Place]] = field(default_factory=dict)
    sets: dict[str, list[Place]] = field(default_factory=dict)
    """Assignments to a property, entries of a map, named arguments."""
    names: list[tuple[Rule, Any, Any]] = field(default_factory=list)
    """(rule, name of the variable, constant text)."""
    returns: list[tuple[Rule, str]] = field(default_factory=list)
    sources: dict[str, list[tuple[str, Pattern]]] = field(default_factory=dict)
    sanitizers: dict[str, list[tuple[frozenset[str], Pattern]]] = field(default_factory=dict)
    outs: dict[str, list[tuple[str, Pattern, int]]] = field(default_factory=dict)
    """Calls that write a source into an argument: `fgets(buf, ...)`."""
    plain: dict[str, Rule] = field(default_factory=dict)
    """Rules whose places are found by code (memory.py)."""
    facts: dict[str, Any] = field(default_factory=dict)
    """The lists and expressions of sources.yaml for the language."""


def expand(text: str) -> list[str]:
    """`a.{b,c}.d` -> a.b.d, a.c.d; `{}`, an entry of any map, -> `%`."""
    pieces = re.split(r"\{([^}]*)\}", text)
    choices = [(p or "%").split(",") if i % 2 else [p] for i, p in enumerate(pieces)]
    return ["".join(p) for p in product(*choices)]


def pattern(text: str) -> Pattern:
    whole = text.startswith("=")
    parts = tuple(text.lstrip("=").split("."))
    if not parts[-1] or parts[-1] == "*":
        raise RuleError(f"{text!r}: the last part of a pattern must be a name")
    return Pattern(text, parts, whole)


def condition(text: str) -> Condition:
    found = _CONDITION.match(text.strip())
    if not found:
        raise RuleError(f"{text!r} is no condition")
    op, raw = found["op"] or "", found["value"]
    value: Any = None
    if op == "~":
        value = re.compile(raw, re.I | re.S)
    elif op == "=":
        value = _LITERALS.get(raw.lower(), raw)
        if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
            value = int(value)
    elif op == ":":
        if raw not in KINDS:
            raise RuleError(f"{text!r}: {raw!r} is none of {', '.join(KINDS)}")
        value = raw
    return Condition(bool(found["no"]), tuple(found["key"].split("|")), op, value)


def places(rule: Rule, specs: Iterable[str]) -> Iterator[Place]:
    for spec in specs:
        found = _PLACE.match(spec.strip())
        if not found:
            raise RuleError(f"{rule.id}: {spec!r} is no place")
        args = tuple(a.strip() for a in (found["args"] or "").split(",") if a.strip())
        conditions = tuple(condition(c) for c in (found["conditions"] or "").split(" & ") if c)
        for text in expand(found["pattern"]):
            yield Place(rule, pattern(text), args, conditions)


def _rule(row: dict[str, Any]) -> Rule:
    known = {"id", "severity", "cwe", "message", "fix", "label", "from", "weak", "texts", "safe_prefix", "sinks",
             "calls", "sets", "names", "returns", "severity_weak", "skip_tests", "checks"}  # fmt: skip
    if strange := set(row) - known:
        raise RuleError(f"{row.get('id')}: unknown keys {sorted(strange)}")
    if row["severity"] not in ("info", "low", "medium", "high", "critical"):
        raise RuleError(f"{row['id']}: severity {row['severity']!r}")
    return Rule(
        id=row["id"],
        severity=row["severity"],
        cwe=int(row["cwe"]),
        message=row["message"],
        fix=row.get("fix", ""),
        label=row.get("label", row["id"]),
        kinds=frozenset(row.get("from", ["web"])),
        weak=row.get("weak", "built"),
        texts=re.compile(row["texts"], re.I | re.S) if "texts" in row else None,
        safe_prefix=re.compile(row["safe_prefix"], re.I) if "safe_prefix" in row else None,
        severity_weak=row.get("severity_weak", ""),
        skip_tests=bool(row.get("skip_tests", False)),
    )


def load(rows: list[dict[str, Any]], sources: dict[str, Any]) -> dict[str, Language]:
    """Rules and sources, by language. Raises RuleError, KeyError for what is missing in a rule."""
    made: dict[str, Language] = {}

    def language(name: str) -> Language:
        return made.setdefault(name, Language())

    seen: set[str] = set()
    for row in rows:
        rule = _rule(row)
        if rule.id in seen:
            raise RuleError(f"{rule.id} is there twice")
        seen.add(rule.id)
        for group in ("calls", "sinks", "sets"):
            for names, specs in row.get(group, {}).items():
                for place in places(rule, specs):
                    for name in names.split(","):
                        getattr(language(name.strip()), group).setdefault(place.pattern.parts[-1], []).append(place)
        for names, specs in row.get("names", {}).items():
            for spec in specs:
                for name in names.split(","):
                    language(name.strip()).names.append(
                        (rule, re.compile(spec["name"], re.I), re.compile(spec["value"], re.S))
                    )
        for name in row.get("checks", []):
            language(name).plain[rule.id] = rule
        for names, marker in row.get("returns", {}).items():
            for name in names.split(","):
                language(name.strip()).returns.append((rule, marker))
    for name, facts in sources.items():
        one = language(name)
        one.facts = facts
        for kind in ("web", "input"):
            for text in facts.get(kind, []):
                for each in expand(text):
                    made_pattern = pattern(each)
                    one.sources.setdefault(made_pattern.parts[-1], []).append((kind, made_pattern))
        for labels, texts in facts.get("sanitizers", {}).items():
            for text in texts:
                for each in expand(text):
                    made_pattern = pattern(each)
                    one.sanitizers.setdefault(made_pattern.parts[-1], []).append(
                        (frozenset(x.strip() for x in labels.split(",")), made_pattern)
                    )
        for kind, texts in facts.get("outs", {}).items():
            for text in texts:
                name_part, _, index = text.partition("@")
                for each in expand(name_part):
                    made_pattern = pattern(each)
                    one.outs.setdefault(made_pattern.parts[-1], []).append((kind, made_pattern, int(index or 0)))
    return made
