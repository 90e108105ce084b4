"""When to try again, at which tier, and when to stop: plain data, so that a replay decides the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from pydantic import Field

from qlp.models import Attempt, Finding, Tier
from qlp.models._base import Frozen

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_TEMP_PATH = re.compile(r"(?:/[\w.+-]+)*/(?:tmp|workspace)(?:/[\w.+-]+)*/")
_LINE = re.compile(r"(?:\bline \d+|:\d+(?::\d+)?(?=[:,)\s]|$))")
_SECONDS = re.compile(r"\b\d+(?:\.\d+)?\s?(?:s|ms|seconds?)\b")
_HEX_CHARS = 16
_MESSAGE_CHARS = 4000
"""Start of a message that tells failures apart."""
MALFORMED_RULE = "answer.malformed"


def fingerprint(findings: Iterable[Finding]) -> str:
    """16 hex characters that two failures share exactly if they are the same failure; empty for no findings.

    Over rule, file and message, without what changes from run to run: order, repetition, line numbers, addresses,
    temporary folders, durations, white space.
    """
    keys = sorted({f"{f.rule}\0{f.file or ''}\0{normalised(f.message)}" for f in findings})
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:_HEX_CHARS] if keys else ""


def normalised(message: str) -> str:
    """Its start without line numbers, addresses, temporary folders, durations and white space."""
    text = _ADDRESS.sub("0x", message[:_MESSAGE_CHARS])
    text = _TEMP_PATH.sub("", text)
    text = _LINE.sub("", text)
    text = _SECONDS.sub("", text)
    return " ".join(text.split())


def malformed_finding(attempt: Attempt) -> Finding:
    """Why an answer could not be read, as a finding that the next try is given."""
    return Finding(rule=MALFORMED_RULE, severity="high", message=attempt.reason)


class Failure(Frozen):
    """A try that did not pass."""

    tier: Tier
    fingerprint: str
    """Of its findings; empty where it had none, which never counts as a repetition."""


class Escalation(Frozen):
    """Which tier tries next. Grows by `after`; asks nothing and remembers everything that it needs."""

    ladder: tuple[Tier, ...] = ("t1", "t2")
    max_attempts: int = Field(default=3, ge=1)
    tries: dict[Tier, int] = {"t1": 1, "t2": 1}
    """Tries at a rung before the next one; the top rung takes all that are left."""
    failures: tuple[Failure, ...] = ()

    @classmethod
    def start(
        cls, *, forced: Tier | None, max_attempts: int, top: Tier = "t2", routed: tuple[Tier, ...] = ()
    ) -> Escalation:
        """What routing decided is the ladder, else a tier that the request forces, else t1 up to `top`."""
        usual: tuple[Tier, ...] = ("t1", "t2", "t3") if top == "t3" else ("t1", "t2")
        return cls(ladder=routed or ((forced,) if forced else usual), max_attempts=max_attempts)

    def after(self, tier: Tier, findings: Iterable[Finding]) -> Escalation:
        failure = Failure(tier=tier, fingerprint=fingerprint(findings))
        return self.model_copy(update={"failures": (*self.failures, failure)})

    def next(self) -> Tier | None:
        """None: give up."""
        if len(self.failures) >= self.max_attempts:
            return None
        if not self.failures:
            return self.ladder[0]
        rung = self.ladder.index(self.failures[-1].tier)
        top = rung == len(self.ladder) - 1
        here = [f.fingerprint for f in self.failures if f.tier == self.ladder[rung]]
        patient = top or len(here) < self.tries.get(self.ladder[rung], 1)
        if patient and not self._repeated(here):
            return self.ladder[rung]
        return None if top else self.ladder[rung + 1]

    @staticmethod
    def _repeated(fingerprints: list[str]) -> bool:
        """The last failure at this rung was seen at this rung before: more of the same will not help."""
        return bool(fingerprints[-1]) and fingerprints[-1] in fingerprints[:-1]

    @property
    def reason(self) -> str:
        """Why `next` gives up; empty while it does not."""
        if self.next() is not None:
            return ""
        if len(self.failures) >= self.max_attempts:
            return f"{len(self.failures)} attempts failed"
        return f"the same failure came back at {self.failures[-1].tier}"
