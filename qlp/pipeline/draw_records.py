"""The records of an attempt that draws in waves: one a member, its waves added up."""

from __future__ import annotations

from qlp.agents.samples import NOT_VALIDATED
from qlp.models import Attempt, Usage


class DrawRecords:
    def __init__(self) -> None:
        self._of: dict[int, Attempt] = {}
        self._besides = Usage()

    def add(self, member: int, record: Attempt, samples: int) -> None:
        old, new = self._of.get(member), record.model_copy(update={"samples": samples})
        if old is not None:
            notes = [r for r in (old.reason, new.reason) if r and r != NOT_VALIDATED]
            readable = "rejected" in (old.outcome, new.outcome)
            new = new.model_copy(
                update={
                    "samples": old.samples + samples,
                    "usage": old.usage + new.usage,
                    "outcome": "rejected" if readable else "malformed",
                    "reason": "; ".join(dict.fromkeys([*([NOT_VALIDATED] if readable else []), *notes])),
                }
            )
        self._of[member] = new

    def pay(self, usage: Usage) -> None:
        """What was spent for all members, such as tests that rank them; the first record carries it."""
        self._besides += usage

    def model(self, member: int) -> str:
        return self._of[member].model

    def accepted(self, member: int, *, passing: int, chosen_by: str) -> tuple[Attempt, ...]:
        """The winner's record comes last."""
        won = {"outcome": "accepted", "reason": "", "passing": passing, "chosen_by": chosen_by}
        others = {
            m: r.model_copy(
                update={"reason": "another member's candidate was chosen"} if r.outcome == "rejected" else {}
            )
            for m, r in self._of.items()
        }
        return self._with_last({**others, member: self._of[member].model_copy(update=won)}, member)

    def failed(self, member: int | None = None, reason: str = "") -> tuple[Attempt, ...]:
        """`reason` is why the best candidate, this member's, was refused; None: no answer could be read."""
        if member is None:
            return self._with_last(self._of, max(self._of))
        told = self._of[member].model_copy(update={"reason": reason})
        return self._with_last({**self._of, member: told}, member)

    def _with_last(self, records: dict[int, Attempt], last: int) -> tuple[Attempt, ...]:
        first = min(records)
        paid = records[first].model_copy(update={"usage": records[first].usage + self._besides})
        records = {**records, first: paid}
        return (*(r for m, r in sorted(records.items()) if m != last), records[last])
