"""What probing takes and gives: a target, candidates, and what each candidate did when it was run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from qlp.models._base import Frozen

Wire = Any
"""A value as tagged JSON, see wire.py."""
InputKind = Literal["example", "near", "typed", "edge"]
"""example: from the request; near: an example, changed a little; typed: by type; edge: boundaries of a type."""


class Target(Frozen):
    """What is asked for: the text of the request, and the function that it is about."""

    id: str
    """Unique within one call of `probe_many`."""
    text: str
    """The prompt or request, with its examples."""
    entry: str
    """Name of the function; `Class.method` for a static one."""
    language: Literal["python", "javascript"] = "python"
    signature: str = ""
    """Such as `def f(x: int) -> int:`; empty: it is looked for in the text."""


class Candidate(Frozen):
    """One solution. `generator` says who wrote it: samples of one generator agree with each other too easily."""

    id: str
    code: str
    generator: str = ""


class ProbeLimits(Frozen):
    """Ceilings of probing; time of a call is CPU time, so that a busy machine makes no candidate slow."""

    inputs: int = 56
    """Generated inputs of a target."""
    examples: int = 12
    """Examples of a request that are run; further ones are not read."""
    call_s: float = 0.3
    load_s: float = 2.0
    call_wall_s: float = 15.0
    """Wall clock until a silent process is killed."""
    load_wall_s: float = 30.0
    cpu_s: int = 10
    """CPU time of one candidate's process."""
    memory_mb: int = 512
    slow: int = 2
    """Calls that may run out of time; the rest is not tried."""
    hangs: int = 2
    """Processes that may hang or die; the rest is not tried."""
    batch: int = 200
    """Candidates of one sandbox job."""
    peers: int = 8
    """Samples of other generators that are compared with, drawn by the seed."""
    run_s: float = 600.0
    """Wall clock of one batch."""


class Example(Frozen):
    """An example of the request: `arguments` and `expected` are wire values."""

    arguments: tuple[Wire, ...]
    expected: Wire
    text: str
    """As it stands in the request, for messages."""
    also: tuple[Wire, ...] = ()
    """Other readings of what is expected: `("x")` may mean a tuple of one."""
    digits: int | None = None
    """The example rounds its result to so many digits."""
    wrap: Literal["", "set", "sorted", "len", "list", "tuple"] = ""
    """What the example does with the result before it compares."""


class ProbeInput(Frozen):
    """One call that every candidate of a target has to answer."""

    kind: InputKind
    arguments: tuple[Wire, ...]


class Outcome(Frozen):
    """What one call came to. `value` is the digest of the canonical output."""

    status: Literal["value", "raised", "timeout", "memory", "killed", "skipped"]
    value: str = ""
    error: str = ""
    """Class of the exception."""


class CandidateProbe(Frozen):
    """What became of one candidate."""

    id: str
    generator: str
    load: str
    """`ok`, `syntax`, `no entry`, `timeout`, `memory`, `killed` or `error: <class>`."""
    outcomes: tuple[Outcome, ...]
    """One for each of the report's inputs; empty if it did not load."""
    examples_passed: int
    features: dict[str, float | None]
    failures: tuple[str, ...] = ()
    """Failed examples in words, for the agent that repairs; at most three."""

    @property
    def rank(self) -> tuple[float, float, float, float]:
        """Greater is better: it loads, its examples hold, others agree, it does not crash."""

        def known(name: str, otherwise: float) -> float:
            value = self.features.get(name)
            return otherwise if value is None else value

        agreement = max(known("agreement_other_models", 0.0), known("agreement_same_model", 0.0))
        return (
            float(self.load == "ok"),
            known("examples_pass_fraction", 0.0),
            agreement,
            -known("generated_crash_rate", 1.0) - known("generated_timeout_rate", 1.0),
        )


class ProbeReport(Frozen):
    """All candidates of one target over the same inputs."""

    target: str
    seed: int
    examples: tuple[Example, ...]
    inputs: tuple[ProbeInput, ...]
    """The examples' inputs first, then the generated ones."""
    candidates: tuple[CandidateProbe, ...]
    image: str = ""
    """Reference of the image that they ran in."""

    def of(self, candidate: str) -> CandidateProbe:
        return next(c for c in self.candidates if c.id == candidate)


class RawRun(Frozen):
    """What the driver in the sandbox said of one candidate; not believed before it is read by outcomes.py."""

    load: str
    calls: tuple[dict[str, Any] | None, ...] = Field(default=())
