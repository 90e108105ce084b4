"""Tiers T1 and T2: candidates are drawn in waves, judged by running them, and the best is chosen by evidence.

Evidence in this order: the tests that are there, the request's own examples, behavioural agreement of a function's
candidates, tests that somebody else wrote (cross_tests.py). A vote counts samples that are equal to the letter; it only
decides between candidates that all of this leaves alike, and the attempt says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from qlp.agents.consensus import Group, groups
from qlp.agents.tiers import Drawn, draw
from qlp.agents.waves import lead_confidence, split, waves
from qlp.models import SourceFile, Tier
from qlp.pipeline.cross_tests import CrossTests, Ran, rows, run_cross_tests, write_cross_tests
from qlp.pipeline.draw_records import DrawRecords
from qlp.pipeline.ensemble import members_of
from qlp.pipeline.judging import Judged, judge
from qlp.pipeline.probed import Probed, best_of, target_of
from qlp.pipeline.task_context import Before, TaskContext, Tried


@dataclass
class Candidate:
    files: tuple[SourceFile, ...]
    member: int
    votes: int
    judged: Judged | None = None
    ran: Ran | None = None
    """Over the cross-written tests."""


@dataclass(frozen=True)
class Choice:
    """`enough`: more candidates would hardly change it."""

    best: int
    enough: bool
    chosen_by: str = ""
    signals: dict[str, float | None] = field(default_factory=dict)


async def draw_candidates(
    context: TaskContext,
    tier: Tier,
    number: int,
    before: Before,
    patterns: tuple[SourceFile, ...] = (),
) -> Tried:
    """One attempt. `patterns` are files verified for requests like this one; they go to tier T1.

    Raises ProviderError, BudgetExceededError, SandboxError.
    """
    return await _Drawing(context, tier, number, before, patterns).run()


class _Drawing:
    def __init__(
        self, context: TaskContext, tier: Tier, number: int, before: Before, patterns: tuple[SourceFile, ...]
    ) -> None:
        self._context = context
        self._settings = context.services.settings
        self._tier = tier
        self._number = number
        self._before = before
        self._patterns = patterns if tier == "t1" else ()
        self._members = members_of(context, tier)
        self._pool: list[Candidate] = []
        self._records = DrawRecords()
        self._drawn = 0
        self._cross: CrossTests | None = None

    async def run(self) -> Tried:
        wanted = self._context.n or self._settings.models.n
        samples = wanted if self._context.kind == "code" else 1
        total = max(samples, len(self._members))
        everybody = len(self._members)
        schedule = waves(total, everybody) if self._settings.agents.early_stopping else (total,)
        choice: Choice | None = None
        for wave, size in enumerate(schedule):
            await self._wave(wave, size)
            choice = await self._choose(wave, total)
            if choice is not None and choice.enough:
                break
        return self._failed() if choice is None else self._accepted(choice)

    async def _wave(self, wave: int, size: int) -> None:
        """Draw from every member that has its turn, and judge what is new."""
        shares = split(size, len(self._members), self._drawn)
        asked = [m for m, share in enumerate(shares) if share]
        draws = await asyncio.gather(*(self._draw(m, shares[m], wave) for m in asked))
        new: list[Candidate] = []
        for m, drawn in zip(asked, draws, strict=True):
            self._records.add(m, drawn.record, shares[m])
            for files, votes in zip(drawn.candidates, drawn.votes, strict=True):
                known = next((c for c in self._pool if c.files == files), None)
                if known is not None:
                    known.votes += votes
                    continue
                new.append(Candidate(files, m, votes))
                self._pool.append(new[-1])
        self._drawn += size
        first = len(self._pool) - len(new)
        names = [f"check:{self._number}:{first + i}" for i in range(len(new))]
        judged = await asyncio.gather(
            *(judge(self._context, c.files, name) for c, name in zip(new, names, strict=True))
        )
        for candidate, one in zip(new, judged, strict=True):
            candidate.judged = one

    async def _draw(self, member: int, n: int, wave: int) -> Drawn:
        who = self._members[member]
        key = self._context.key(self._number)
        if wave or member:
            key += f":{wave}.{member}"
        return await draw(
            self._context.task,
            self._context.upstream,
            self._context.provider(who.tier),
            settings=self._settings.models,
            tier=self._tier,
            idempotency_key=key,
            feedback=self._before.findings,
            previous_files=self._before.files,
            output=self._before.output,
            n=n,
            first=self._drawn,
            patterns=self._patterns,
            prompt=who.prompt,
        )

    async def _choose(self, wave: int, total: int) -> Choice | None:
        """None while no candidate passes its checks."""
        passing = [i for i, c in enumerate(self._pool) if c.judged is not None and c.judged.accepted]
        if not passing:
            return None
        alone = total == 1
        tested = any(c.judged is not None and c.judged.tested for c in self._pool)
        function, _ = target_of(self._context.task)
        if not (tested or function or alone) and self._context.kind == "code" and self._settings.agents.cross_tests:
            crossed = await self._by_cross_tests(passing)
            if crossed is not None:
                return crossed
        probed = await best_of(
            self._context.runtime,
            self._context.services,
            self._context.task,
            [c.files for c in self._pool],
            passing,
            [self._generator(c) for c in self._pool],
            f"probe:{self._number}:{wave}" if wave else f"probe:{self._number}",
            [c.votes for c in self._pool],
        )
        return Choice(probed.best, self._settled(probed, tested=tested), probed.chosen_by, probed.signals)

    def _settled(self, probed: Probed, *, tested: bool) -> bool:
        if probed.examples_hold is False:
            return False
        if tested or probed.examples_hold:
            return True
        return lead_confidence(probed.behaviours) >= self._settings.agents.stop_confidence

    async def _by_cross_tests(self, passing: list[int]) -> Choice | None:
        if self._cross is None:
            key = self._context.key(self._number)
            count = self._settings.agents.cross_tests
            self._cross = await write_cross_tests(self._context, self._members[-1].tier, key, count)
            self._records.pay(self._cross.usage)
        file = self._cross.file
        if file is None:
            return None
        fresh = [i for i in passing if self._pool[i].ran is None]
        names = [f"cross:{self._number}:{i}" for i in fresh]
        results = await run_cross_tests(self._context, file, [self._pool[i].files for i in fresh], names)
        for i, ran in zip(fresh, results, strict=True):
            self._pool[i].ran = ran
        ranked = groups(rows([self._pool[i].ran or Ran() for i in passing], [self._pool[i].votes for i in passing]))
        return self._of_groups(passing, ranked)

    def _of_groups(self, passing: list[int], ranked: tuple[Group, ...]) -> Choice | None:
        """None if the generated tests tell nothing: no candidate passes any."""
        lead = ranked[0]
        if not lead.tests:
            return None
        members = [passing[m] for m in lead.members]
        best = max(members, key=lambda i: (self._pool[i].votes, -i))
        why = "cross-written tests"
        if len(members) > 1:
            voted = self._pool[best].votes > min(self._pool[i].votes for i in members)
            why += ", a tie broken by vote" if voted else ", the first of equals"
        sure = lead_confidence([g.votes for g in ranked]) >= self._settings.agents.stop_confidence
        return Choice(best, sure, why if len(passing) > 1 else "")

    def _generator(self, candidate: Candidate) -> str:
        return f"model:{self._records.model(candidate.member)}"

    def _accepted(self, choice: Choice) -> Tried:
        won = self._pool[choice.best]
        passing = sum(c.votes for i, c in enumerate(self._pool) if c.member == won.member and self._judged(i).accepted)
        return Tried(
            records=self._records.accepted(won.member, passing=passing, chosen_by=choice.chosen_by),
            accepted=True,
            files=won.files,
            findings=self._judged(choice.best).findings,
            signals=choice.signals,
        )

    def _failed(self) -> Tried:
        if not self._pool:
            return Tried(records=self._records.failed(), accepted=False)
        best = max(range(len(self._pool)), key=lambda i: (self._judged(i).score, -i))
        worst = self._judged(best)
        reason = "; ".join(f.message.splitlines()[0] for f in worst.findings[:3])
        records = self._records.failed(self._pool[best].member, reason)
        files = self._pool[best].files
        return Tried(records, accepted=False, files=files, findings=worst.findings, output=worst.output)

    def _judged(self, index: int) -> Judged:
        judged = self._pool[index].judged
        assert judged is not None
        return judged
