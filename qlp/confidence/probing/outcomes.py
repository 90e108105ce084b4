"""From what the driver said to outcomes: digests of results, examples that hold, types, repeatability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qlp.confidence.probing import wire
from qlp.confidence.probing.models import Example, Outcome, RawRun, Wire


@dataclass(frozen=True)
class Behaviour:
    """What one candidate did. `results` holds wire values (None where there is no value), beside `outcomes`."""

    load: str
    outcomes: tuple[Outcome, ...]
    results: tuple[Wire, ...]
    mutated: tuple[bool, ...]
    repeatable: tuple[bool | None, ...]

    @property
    def ran(self) -> bool:
        return self.load == "ok"


def behaviour_of(run: RawRun, inputs: int, *, loose: bool) -> Behaviour:
    """`loose`: lists and tuples are the same in this language."""
    if run.load != "ok":
        return Behaviour(run.load, (), (), (), ())
    calls: list[dict[str, Any]] = [c if isinstance(c, dict) else {"x": "skipped"} for c in run.calls[:inputs]]
    calls += [{"x": "skipped"}] * (inputs - len(calls))
    calls = [{"x": "killed"} if "o" in c and not wire.valid(c["o"]) else c for c in calls]
    return Behaviour(
        load="ok",
        outcomes=tuple(_outcome(c, loose) for c in calls),
        results=tuple(c.get("o") for c in calls),
        mutated=tuple(bool(c.get("m")) for c in calls),
        repeatable=tuple(c["d"] if isinstance(c.get("d"), bool) else None for c in calls),
    )


def _outcome(call: dict[str, Any], loose: bool) -> Outcome:
    if "o" in call:
        return Outcome(status="value", value=wire.digest(call["o"], loose=loose))
    if isinstance(call.get("e"), str):
        return Outcome(status="raised", error=call["e"][:60])
    why = call.get("x")
    known = {"timeout": "timeout", "memory": "memory", "skipped": "skipped"}
    return Outcome.model_validate({"status": known.get(why, "killed") if isinstance(why, str) else "killed"})


def holds(example: Example, behaviour: Behaviour, at: int, *, loose: bool) -> bool:
    """Whether the example at this input came out as the request says."""
    if behaviour.outcomes[at].status != "value":
        return False
    got = behaviour.results[at]
    match example.wrap:
        case "len":
            got = ["i", str(len(wire.items(got)) if not isinstance(got, str) else len(got))]
        case "sorted":
            got = ["l", *sorted(wire.items(got), key=_order)]
        case "set":
            got = ["S", *wire.items(got)]
        case "list":
            got = ["l", *wire.items(got)]
        case "tuple":
            got = ["t", *wire.items(got)]
    return any(
        wire.same(wanted, _unique(got) if wire.kind(wanted) == "set" else got, loose=loose, digits=example.digits)
        for wanted in (example.expected, *example.also)
    )


def _order(one: Wire) -> tuple[int, float, str]:
    number = wire.number(one)
    return (0, number, "") if number is not None else (1, 0.0, one if isinstance(one, str) else wire.canonical(one))


def _unique(got: Wire) -> Wire:
    return ["S", *{wire.canonical(v): v for v in wire.items(got)}.values()] if wire.kind(got) == "set" else got


def failure_text(example: Example, behaviour: Behaviour, at: int) -> str:
    """For a repair message: what the request says, and what came instead."""
    outcome = behaviour.outcomes[at]
    if outcome.status == "value":
        got = f"gave {wire.show(behaviour.results[at])}"
    elif outcome.status == "raised":
        got = f"raised {outcome.error}"
    elif outcome.status == "timeout":
        got = "did not end in time"
    else:
        got = f"ended with: {outcome.status}"
    call = ", ".join(wire.show(a) for a in example.arguments)
    return f"the request's example `{example.text}`: a call with ({call}) {got}, not {wire.show(example.expected)}"


def count_held(examples: Sequence[Example], behaviour: Behaviour, *, loose: bool) -> int:
    return sum(holds(e, behaviour, i, loose=loose) for i, e in enumerate(examples)) if behaviour.ran else 0
