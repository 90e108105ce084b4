"""The candidate's process in Python: load the code, call the function, write what came of it. Runs in the sandbox.

Values cross as tagged JSON (probing/wire.py has the other half): null, true, "text", ["i","12"], ["f","0.5"],
["l",...], ["t",...], ["S",...], ["d",[k,v],...], ["B",hex]; of results also ["o",type,text] for anything else and
["h",sha256] for what is too large.
"""

import bisect  # noqa: F401  (imported here once, so that no candidate pays for it)
import collections
import copy  # noqa: F401
import datetime
import decimal
import fractions
import functools  # noqa: F401
import hashlib
import heapq  # noqa: F401
import itertools  # noqa: F401
import json
import math  # noqa: F401
import operator  # noqa: F401
import os
import random
import re  # noqa: F401
import signal
import statistics  # noqa: F401
import string  # noqa: F401
import sys
import types
from collections.abc import Callable
from typing import Any

_NODES = 4000
_DEPTH = 12
_TEXT = 20_000


class Stop(BaseException):
    """Out of time."""


class _TooLarge(Exception):
    pass


def _out_of_time(_signal: int, _frame: Any) -> None:
    raise Stop


def serve(code: str, task: dict[str, Any], start: int, limits: dict[str, Any], fd: int) -> None:
    write, dumps = os.write, json.dumps

    def tell(record: dict[str, Any]) -> None:
        data = (dumps(record, separators=(",", ":")) + "\n").encode("utf-8", "surrogatepass")
        while data:
            data = data[write(fd, data) :]

    signal.signal(signal.SIGPROF, _out_of_time)
    signal.signal(signal.SIGALRM, _out_of_time)
    random.seed(0)
    status, function = _guarded(lambda: _load(code, task["entry"]), limits["load_s"])
    if status is not None:
        tell({"load": status})
        return
    tell({"load": "ok" if callable(function) else "no entry"})
    if not callable(function):
        return
    repeat = frozenset(task["repeat"])
    slow = 0
    for number in range(start, len(task["calls"])):
        if slow >= limits["slow"]:
            record: dict[str, Any] = {"x": "skipped"}
        else:
            record = _call(function, task["calls"][number], number in repeat, limits["call_s"])
        slow += record.get("x") == "timeout"
        try:
            tell({"n": number, **record})
        except Stop:  # a candidate's own alarm
            tell({"n": number, "x": "timeout"})
    tell({"end": True})


def _load(code: str, entry: str) -> Any:
    try:
        program = compile(code, "solution.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return _Broken("syntax")
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    exec(program, module.__dict__)  # this is the sandbox: what else
    target: Any = module
    for part in entry.split("."):
        target = getattr(target, part, None)
    return target


class _Broken:
    def __init__(self, why: str) -> None:
        self.why = why


def _guarded(work: Callable[[], Any], seconds: float) -> tuple[str | None, Any]:
    """(None, result) or (what went wrong, None)."""
    try:
        _arm(seconds)
        try:
            result = work()
        finally:
            _disarm()
        return (result.why, None) if isinstance(result, _Broken) else (None, result)
    except Stop:
        return "timeout", None
    except MemoryError:
        return "memory", None
    except BaseException as error:  # noqa: BLE001 - whatever the candidate raises is what came of it
        return "error: " + type(error).__name__[:60], None


def _call(function: Callable[..., Any], wire: list[Any], again: bool, seconds: float) -> dict[str, Any]:
    record: dict[str, Any] = {}
    try:
        _arm(seconds)
        try:
            arguments = [decode(a) for a in wire]
            result = function(*arguments)
            out = encode(result)
            if any(encode(a) != _plain(w) for a, w in zip(arguments, wire, strict=True)):
                record["m"] = True
            record["o"] = out
            if again:
                second = encode(function(*[decode(a) for a in wire]))
                record["d"] = second == out
        finally:
            _disarm()
    except Stop:
        return {"x": "timeout"}
    except MemoryError:
        return {"x": "memory"}
    except BaseException as error:  # noqa: BLE001 - whatever the candidate raises is what came of it
        return {"e": type(error).__name__[:60]} if "o" not in record else {**record, "d": False}
    return record


def _arm(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)  # CPU time: a busy machine makes no candidate slow
    signal.setitimer(signal.ITIMER_REAL, seconds * 20)


def _disarm() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)


def decode(wire: Any) -> Any:
    if not isinstance(wire, list):
        return wire
    tag, *rest = wire
    if tag == "i":
        return int(rest[0])
    if tag == "f":
        return float(rest[0])
    if tag == "l":
        return [decode(x) for x in rest]
    if tag == "t":
        return tuple(decode(x) for x in rest)
    if tag == "S":
        return {decode(x) for x in rest}
    if tag == "d":
        return {decode(k): decode(v) for k, v in rest}
    if tag == "B":
        return bytes.fromhex(rest[0])
    raise ValueError(tag)


def _plain(wire: Any) -> Any:
    """As `encode(decode(wire))` gives it."""
    return encode(decode(wire))


def encode(value: Any) -> Any:
    budget = [_NODES]
    try:
        wire = _encode(value, budget, _DEPTH)
        if len(json.dumps(wire)) <= _TEXT:
            return wire
    except (_TooLarge, RecursionError):
        wire = None
    text = repr(value) if wire is None else json.dumps(wire)
    return ["h", hashlib.sha256(text[:2_000_000].encode("utf-8", "surrogatepass")).hexdigest()]


def _encode(value: Any, budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth < 0:
        raise _TooLarge
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return value
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        number = int(value)
        if number.bit_length() > 4000:
            return ["h", hashlib.sha256(hex(number).encode()).hexdigest()]
        return ["i", str(number)]
    if isinstance(value, float):
        return ["f", repr(float(value))]
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (bytes, bytearray)):
        return ["B", bytes(value).hex()]
    if isinstance(value, (list, collections.deque)):
        return ["l", *[_encode(x, budget, depth - 1) for x in value]]
    if isinstance(value, tuple):
        return ["t", *[_encode(x, budget, depth - 1) for x in value]]
    if isinstance(value, (set, frozenset)):
        return ["S", *sorted((_encode(x, budget, depth - 1) for x in value), key=json.dumps)]
    if isinstance(value, dict):
        return ["d", *[[_encode(k, budget, depth - 1), _encode(v, budget, depth - 1)] for k, v in value.items()]]
    if isinstance(value, complex):
        return ["o", "complex", repr(complex(value))]
    if isinstance(value, (fractions.Fraction, decimal.Decimal)):
        return ["o", kind.__name__, str(value)]
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta, range)):
        return ["o", kind.__name__, repr(value)]
    return ["o", kind.__name__[:60], ""]
