"""What a policy asks of a verdict: a file says which stages must pass, from which severity on, and at what price.

Packaged: prototype, development, production, critical (policies/*.toml). An operator's own policy is a file of the same
form, given by path, or in `$QLP_HOME/policies/NAME.toml`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, ValidationError

from qlp.config import home as qlp_home
from qlp.errors import InputError
from qlp.models import STAGES, Severity, Stage
from qlp.models._base import Frozen

PACKAGED = ("prototype", "development", "production", "critical")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class StagePolicy(Frozen):
    """What one stage has to do with the verdict."""

    required: Literal["always", "applicable", "no"] = "no"
    """`applicable`: must pass where the project can have it; `no`: a skip is fine."""
    blocks: bool = True
    """Whether a failed or errored stage makes the project unverified."""
    fail_at: Severity = "medium"
    """A finding of this severity or above fails the stage; lesser ones are shown."""
    wall_s: float = Field(default=300.0, gt=0)
    """Time budget: a command gets what is left of it, and the stage errors when it is used up."""
    stop: bool = False
    """Later stages are not begun once this one failed."""


class TestsPolicy(Frozen):
    """How much a green test run must mean."""

    __test__: ClassVar[bool] = False  # the name is none of a test class

    mutants: int = Field(default=0, ge=0, le=200)
    """Mutants tried against the tests; 0 leaves it out."""
    min_killed: float | None = Field(default=None, ge=0, le=1)
    """Share of mutants that the tests must kill; None only reports it. No kill at all is always a finding."""
    min_coverage: float | None = Field(default=None, ge=0, le=1)
    coverage: bool = False


class DecisionPolicy(Frozen):
    """What is done with a verdict and a confidence; thresholds follow from these, they are never typed in."""

    target_error: float = Field(default=0.02, gt=0, lt=1)
    """Share of wrong results among those accepted without review."""
    wrong_accept_usd: Decimal = Decimal("500")
    ai_review_usd: Decimal = Decimal("0.10")
    human_review_usd: Decimal = Decimal("25")
    repair_usd: Decimal = Decimal("0.05")
    reject_usd: Decimal = Decimal("50")
    """What a result costs that is thrown away: somebody does the work by hand."""
    ai_review_catches: float = Field(default=0.5, ge=0, le=1)
    """Share of the wrong results that a model's review is trusted to find: an assumption, not a measurement."""
    human_review_catches: float = Field(default=0.9, ge=0, le=1)
    """The same of a person's review."""
    require_human: bool = False
    """Every result is seen by a human, whatever the confidence."""
    accept_uncalibrated: bool = True
    """Whether a verified result may be accepted while the confidence is not calibrated for its generator."""


class Policy(Frozen):
    """One readiness level."""

    schema_version: Literal[1] = 1
    name: str
    version: int = 1
    title: str = ""
    stages: dict[Stage, StagePolicy] = {}
    tests: TestsPolicy = TestsPolicy()
    decision: DecisionPolicy = DecisionPolicy()
    complete: bool = False
    """Whether a stage errs that could not look at a side language because its sandbox image is not there; if not, the
    stage says so and goes by what was looked at."""
    opinions: tuple[str, ...] = ()
    """Plug-ins of the group `qlp.opinions` that are asked where a model is configured; empty asks none."""
    wall_s: float = Field(default=900.0, gt=0)
    """Time budget of the whole validation, seconds."""
    cpu_s: float = Field(default=1800.0, gt=0)
    """Cost budget of the whole validation: processor seconds of all its commands."""

    def stage(self, name: Stage) -> StagePolicy:
        return self.stages.get(name, StagePolicy())

    @property
    def digest(self) -> str:
        """sha256 over everything that the file says."""
        return f"sha256:{hashlib.sha256(self.model_dump_json().encode()).hexdigest()}"

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


def load_policy(name: str, home: Path | None = None) -> Policy:
    """A policy by name, or by the path of its file. Raises InputError that says what is wrong with it."""
    if name.endswith(".toml") or "/" in name:
        return _read(Path(name))
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name of a policy; there are {', '.join(policy_names(home))}")
    own = (home or qlp_home()) / "policies" / f"{name}.toml"
    if own.is_file():
        return _read(own)
    if name in PACKAGED:
        return _parse(files("qlp.validation").joinpath("policies", f"{name}.toml").read_text("utf-8"), name)
    raise InputError(f"no such policy: {name!r}; there are {', '.join(policy_names(home))}, or give a file")


def policy_names(home: Path | None = None) -> tuple[str, ...]:
    folder = (home or qlp_home()) / "policies"
    own = sorted(p.stem for p in folder.glob("*.toml")) if folder.is_dir() else []
    return tuple(dict.fromkeys((*PACKAGED, *own)))


def _read(file: Path) -> Policy:
    try:
        return _parse(file.read_text("utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the policy {file} cannot be read: {error}") from error


def _parse(text: str, where: str) -> Policy:
    try:
        policy = Policy.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"the policy {where} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"the policy {where}: {place}: {first['msg']}") from error
    if not any(policy.stage(s).required != "no" for s in STAGES):
        raise InputError(f"the policy {where} requires no stage: nothing could ever be verified by it")
    return policy
