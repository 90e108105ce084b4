"""What a condition makes safe: allow-lists, anchored patterns, prefixes of normalised paths, checks by name."""

from __future__ import annotations

import re

from .values import ALL, Guard, Value
from .vocabulary import CONTAINS, HOST, MATCH, NORMALISERS, PREFIX, SAME, SHAPE

VALIDATOR = re.compile(
    r"(?i)^_?(is|has|check|valid|verify|allow|ensure|assert|require|validate|in|url_has|looks)_?.*"
    r"(safe|valid|allow|trust|permit|white|known|local|same|inside|within|internal|relative|secure|sane|path|url|host|"
    r"input|name|file|redirect|id|email|user|token|scheme|format)|^_?(validate|sanitize|safe|allowed|permitted|valid|owns|authori[sz])"
)
_OPEN = re.compile(r"(?<!\\)\.[*+]|\[\^[^\]]*\][*+]|\\S[*+]")


def merged(a: Guard, b: Guard) -> Guard:
    made = dict(a)
    for key, labels in b.items():
        made[key] = made.get(key, frozenset()) | labels
    return made


def common(a: Guard, b: Guard) -> Guard:
    return {key: a[key] & b[key] for key in a.keys() & b.keys() if a[key] & b[key]}


def exact(value: Value) -> Guard:
    """The value was found equal to something harmless: how much of its source is thereby safe."""
    labels: frozenset[str] = frozenset()
    steps = value.steps
    if steps <= SAME:
        labels = ALL
    elif steps & HOST:
        labels = frozenset({"redirect", "ssrf", "cors"})
    elif steps & NORMALISERS or steps & {"basename", "parents", "parent", "getParent", "dirname"}:
        labels = frozenset({"path"})
    elif steps <= SAME | {"replace", "+", "format"}:
        labels = ALL
    elif steps & {"getClass", "typeof", "instanceof"}:
        labels = frozenset({"nosql"})
    return dict.fromkeys(value.taint, labels) if labels else {}


def prefixed(value: Value, start: Value) -> Guard:
    """The value begins with something that no source gave."""
    labels: frozenset[str] = frozenset()
    normal = bool(value.steps & NORMALISERS) or all("norm" in clean for clean in value.taint.values())
    if normal:
        labels |= {"path"}
    text = start.text
    if re.match(r"https?://[^/]+/", text) or (text.startswith("/") and len(text) <= 1) or text == "/":
        labels |= {"redirect", "ssrf"}
    if not text and not start.known:
        labels |= {"redirect", "ssrf"}
    return dict.fromkeys(value.taint, labels) if labels else {}


def without(value: Value, text: str) -> Guard:
    """The value does not contain the text."""
    labels: set[str] = set()
    if ".." in text or (text in ("/", "\\") and value.steps <= SAME):
        labels.add("path")
    if "\n" in text or "\r" in text or text in ("\\n", "\\r"):
        labels |= {"header", "log"}
    if text in ("//", "://", ":", "http"):
        labels |= {"redirect"}
    return {key: frozenset(labels) for key in value.taint} if labels else {}


def shaped(value: Value) -> Guard:
    """The value is of a harmless form, such as digits."""
    return dict.fromkeys(value.taint, ALL) if value.steps <= SAME | {"+", "replace"} else {}


def by_pattern(pattern: str, value: Value, whole: bool) -> tuple[Guard, Guard]:
    """(where it matches, where it does not)."""
    plain = re.sub(r"^/|/[a-z]*$", "", pattern) if pattern.startswith(("/", "#", "~")) and len(pattern) > 1 else pattern
    plain = re.sub(r"^[#~]|[#~][a-zA-Z]*$", "", plain)
    start = plain.startswith(("^", "\\A")) or whole
    end = plain.endswith(("$", "\\z", "\\Z")) or whole
    if start and end and not _OPEN.search(plain):
        return shaped(value), {}
    if re.match(r"\^?https?:(\\?/){2}[\w.\\-]+\\?/", plain) and start:
        return {key: frozenset({"redirect", "ssrf"}) for key in value.taint}, {}
    if re.match(r"\^\\?/(\(\?!|\[\^|\[\w|\\w)", plain):
        return {key: frozenset({"redirect"}) for key in value.taint}, {}
    if re.match(r"\[\^[^\]]+\]\+?$", plain):
        return {}, shaped(value)
    if ".." in plain.replace("\\", ""):
        return {}, without(value, "..")
    return {}, {}


def call(name: str, this: Value | None, args: list[Value]) -> tuple[Guard, Guard]:
    """(where the call is true, where it is false)."""
    first = args[0] if args else None
    if name in CONTAINS:
        if this is not None and this.taint and first is not None and not first.taint:
            return {}, without(this, first.text)
        for i, arg in enumerate(args):
            others = [a for j, a in enumerate(args) if j != i] + ([this] if this is not None else [])
            if arg.taint and others and not any(o.taint for o in others):
                if name in ("Contains", "contains") and len(args) == 2 and i == 0 and others[0].known:
                    return {}, without(arg, others[0].text)
                return exact(arg), {}
        return {}, {}
    if name in PREFIX:
        if this is not None and this.taint and first is not None and not first.taint:
            return prefixed(this, first), ({} if first.text != "//" else without(this, "//"))
        if len(args) > 1 and args[0].taint and not args[1].taint:
            return prefixed(args[0], args[1]), {}
        return {}, {}
    if name in SHAPE:
        value = first if first is not None else this
        return (shaped(value) if value is not None else {}), {}
    if name in MATCH:
        values = ([this] if this is not None else []) + args
        subject = next((v for v in values if v.taint), None)
        pattern = next((v for v in values if not v.taint and v.text), None)
        if subject is not None and pattern is not None:
            return by_pattern(pattern.text, subject, name in ("fullmatch", "matches", "regex_match"))
        return {}, {}
    if name in ("isNaN", "is_nan", "IsNullOrEmpty"):
        return {}, (shaped(first) if first is not None and name != "IsNullOrEmpty" else {})
    if name in ("equals", "Equals", "equalsIgnoreCase", "eql?", "hash_equals", "compare_digest"):
        pair = ([this] if this is not None else []) + args
        if len(pair) == 2:
            return same(pair[0], pair[1]), {}
        return {}, {}
    if VALIDATOR.search(name):
        found: Guard = {}
        for arg in ([this] if this is not None else []) + args:
            found = merged(found, dict.fromkeys(arg.taint, ALL))
        return found, {}
    return {}, {}


def truth(value: Value) -> tuple[Guard, Guard]:
    """Of a value that is used as a condition: an address without a host stays on this site."""
    if value.steps & {"netloc", "hostname", "getHost", "Host", "IsAbs", "isAbsolute", "getAuthority", "IsAbsoluteUri"}:
        return {}, {key: frozenset({"redirect"}) for key in value.taint}
    return {}, {}


def same(a: Value, b: Value) -> Guard:
    """The two are equal."""
    if a.taint and not b.taint and not (b.known and b.const in (None, "")):
        return exact(a)
    if b.taint and not a.taint and not (a.known and a.const in (None, "")):
        return exact(b)
    return {}


def compare(op: str, left: Value, right: Value) -> tuple[Guard, Guard]:
    """Of `left op right`."""
    if op in ("in", "not in"):
        found: Guard = {}
        lacks: Guard = {}
        if left.taint and not right.taint:
            found = exact(left)
        elif right.taint and not left.taint:
            lacks = without(right, left.text)
        return (found, lacks) if op == "in" else (lacks, found)
    if op in ("=~", "!~"):
        subject, pattern = (left, right) if left.taint else (right, left)
        pair = by_pattern(pattern.text, subject, False)
        return pair if op == "=~" else (pair[1], pair[0])
    # indexOf(x) === -1, strpos(...) === 0, preg_match(...) === 1
    for one, other, flip in ((left, right, False), (right, left, True)):
        if one.guard is not None and other.known:
            yes, no = one.guard
            value = other.const
            place = "search" in one.steps
            zero = value == 0 and value is not False
            missing = value is False or (value == -1 and value is not True)
            true = value is True or (value == 1 and not place)
            positive = (
                (missing and op in ("!=", "!==", ">"))
                or (zero and op in ((">=", "==", "===") if place else ("!=", "!==", ">")))
                or (true and op in ("==", "===", "is"))
                or (value is None and op in ("!=", "!==", "is not"))
            )
            negative = (
                (missing and op in ("==", "===", "is"))
                or (zero and op in (("<", "!=", "!==") if place else ("==", "===")))
                or (true and op in ("!=", "!=="))
                or (value is None and op in ("==", "===", "is"))
            )
            if positive and not flip:
                return yes, no
            if negative and not flip:
                return no, yes
    if op in ("==", "===", "is", "eq"):
        return same(left, right), {}
    if op in ("!=", "!==", "is not", "ne"):
        return {}, same(left, right)
    return {}, {}
