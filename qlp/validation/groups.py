"""Which toolchains look at a project, grouped by the profile whose sandbox they share."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from qlp.errors import QLPError
from qlp.models import Stage
from qlp.sandbox.profiles import IMAGE_PROFILES, added
from qlp.sandbox.protocol import Command
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.readings import exit_code

log = logging.getLogger(__name__)

CHEAP: tuple[Stage, ...] = ("syntax", "style", "types", "security")
"""Stages that only read the files: they run together, before anything of the project itself runs."""
READS_ONLY = "analysis"
"""Profile that reads files of any language and runs none of them."""


NO_TESTS = Skip("this kind of project has no tests", applicable=False)


@dataclass(frozen=True)
class Planned:
    """One toolchain's plan, cut to the stages that are asked for."""

    toolchain: Toolchain
    main: bool
    stages: Mapping[Stage, StagePlan]
    broken: str = ""
    """Why there is no plan: the plug-in itself failed."""


@dataclass(frozen=True)
class Group:
    """What one sandbox does. The main one also installs, builds, tests and runs."""

    profile: str
    main: bool
    planned: tuple[Planned, ...]
    tests: StagePlan = NO_TESTS
    later: tuple[Stage, ...] = ()
    """`tests` and `runtime`, as far as they are asked for; of the main group alone."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Stages to which it has something to say."""
        return tuple(dict.fromkeys([*(s for p in self.planned for s in p.stages), *self.later]))

    @property
    def works(self) -> bool:
        """Whether a sandbox is needed at all."""
        checks = any(isinstance(plan, tuple) for p in self.planned for plan in p.stages.values())
        return checks or bool(self.later)

    @property
    def support(self) -> dict[str, bytes]:
        return {path: data for p in self.planned for path, data in p.toolchain.support.items()}


@dataclass(frozen=True)
class Groups:
    """The main group first, then by profile."""

    groups: tuple[Group, ...]
    broken: tuple[Planned, ...] = field(default=())


def make_groups(project: Project, main: Toolchain, every: Iterable[Toolchain], wanted: Sequence[Stage]) -> Groups:
    """Blocking, linear in the files."""
    plans = [_plan(project, toolchain, toolchain.name == main.name, wanted) for toolchain in every]
    later: tuple[Stage, ...] = tuple(s for s in wanted if s in ("tests", "runtime"))
    moved = project.contract.profile
    home, static = _places(main.profile, moved)
    rooms: dict[str, list[Planned]] = {home: []}
    for plan in plans:
        if plan.broken or (not plan.stages and not plan.main):
            continue
        profile = plan.toolchain.profile
        rooms.setdefault(static if profile == main.profile else profile, []).append(plan)
    tests = next((p for plan in plans if plan.main if (p := plan.stages.get("tests")) is not None), None)
    groups = [
        Group(
            profile=profile,
            main=profile == home,
            planned=tuple(sorted((_without_tests(p) for p in planned), key=lambda p: (not p.main, p.toolchain.name))),
            tests=(tests or _contract_tests(project)) if profile == home else (),
            later=later if profile == home else (),
        )
        for profile, planned in rooms.items()
    ]
    groups.sort(key=lambda g: (not g.main, g.profile))
    return Groups(tuple(g for g in groups if g.works or g.stages), tuple(p for p in plans if p.broken))


def _places(profile: str, asked: str | None) -> tuple[str, str]:
    """Where the main language runs, and where its files are only read.

    A profile made from the language's own has its tools too; in any other image there is only what its maker put
    there, so that nothing but the project's own commands is run in it.
    """
    if asked is None or asked == profile:
        return profile, profile
    more = added(asked) if asked not in IMAGE_PROFILES else None
    return (asked, asked) if more is not None and more.base == profile else (asked, profile)


def _plan(project: Project, toolchain: Toolchain, main: bool, wanted: Sequence[Stage]) -> Planned:
    try:
        stages = toolchain.plan(project)
    except QLPError:
        raise
    except Exception as error:
        log.warning("the plug-in %s could not plan", toolchain.name, exc_info=error)
        return Planned(toolchain, main, {}, broken=f"{toolchain.name}: {type(error).__name__}: {error}")
    asked: dict[Stage, StagePlan] = {s: stages[s] for s in wanted if s in stages and (s != "tests" or main)}
    return Planned(toolchain, main, asked)


def _without_tests(planned: Planned) -> Planned:
    rest: dict[Stage, StagePlan] = {s: plan for s, plan in planned.stages.items() if s != "tests"}
    return Planned(planned.toolchain, planned.main, rest)


def _contract_tests(project: Project) -> StagePlan:
    """A test command that the toolchain has no reader for: its exit code says it all."""
    test = project.contract.command("test")
    if test is None:
        return NO_TESTS
    return (Check(test.argv[0], Command(argv=test.argv, env=dict(test.env)), exit_code("test-failed")),)
