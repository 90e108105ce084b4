"""The model's file: how evidence becomes a probability, with everything that was measured when it was made.

The shipped one lies in models/; `qlp confidence train` writes another into `$QLP_HOME/confidence/model.json`, which is
then used instead. Its sha256 is in every Confidence, and so in every capsule.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from qlp.confidence.calibration import CalibrationMap
from qlp.confidence.ensemble import Ensemble
from qlp.confidence.features import Kind
from qlp.confidence.generators import Spread
from qlp.confidence.risk import CalibrationScores, threshold
from qlp.errors import InputError
from qlp.models._base import Frozen

SHIPPED = "evidence-1.json"


class Part(Frozen):
    """What scores one kind of result."""

    ensemble: Ensemble
    calibration: CalibrationMap
    spread: Spread
    """How far generators lay from the common map in training."""
    scores: CalibrationScores
    """Held-out scores that thresholds derive from."""


class ConfidenceModel(Frozen):
    """`parts` by kind; a kind without its own is scored by another's part and called `uncalibrated`."""

    schema_version: Literal[1] = 1
    name: str
    version: str
    trained_on: str
    """Date, ISO 8601."""
    calibrated_after: int
    """Outcomes after which a generator counts as calibrated."""
    parts: dict[Kind, Part]
    recipe: dict[str, object] = {}
    """Data, split, candidates and seeds: what is needed to make it again."""

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


class Loaded(Frozen):
    model: ConfidenceModel
    digest: str
    """`sha256:` and the digest of the file's bytes."""
    where: str

    def threshold(self, kind: Kind, target: float) -> float | None:
        """Smallest probability that the promise `target` allows to accept; None if there is none for this kind."""
        return _threshold(self.digest, kind, target) if kind in self.model.parts else None


_MODELS: dict[str, ConfidenceModel] = {}


@lru_cache(maxsize=64)
def _threshold(digest: str, kind: Kind, target: float) -> float | None:
    return threshold(_MODELS[digest].parts[kind].scores, target)


def part_of(model: ConfidenceModel, kind: Kind) -> Part:
    return model.parts[kind] if kind in model.parts else next(iter(model.parts.values()))


def own_model(home: Path) -> Path:
    return home / "confidence" / "model.json"


def load_model(home: Path | None = None) -> Loaded:
    """The model of `home` if one was trained there, else the shipped one. Raises InputError for a file that is none."""
    if home is not None and (own := own_model(home)).is_file():
        return _parse(own.read_bytes(), str(own))
    return _shipped()


def load_model_file(file: Path) -> Loaded:
    try:
        return _parse(file.read_bytes(), str(file))
    except OSError as error:
        raise InputError(f"the model {file} cannot be read: {error}") from error


def report_beside(loaded: Loaded) -> dict[str, Any] | None:
    """The report that was made with the model (`NAME.report.json`), if there is one and it speaks of this model."""
    if loaded.where == SHIPPED:
        place: Any = files("qlp.confidence").joinpath("models", SHIPPED.replace(".json", ".report.json"))
    else:
        place = Path(loaded.where).with_suffix(".report.json")
    if not place.is_file():
        return None
    try:
        found = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"the report {place} cannot be read: {error}") from error
    same = isinstance(found, dict) and found.get("rows") == loaded.model.recipe.get("rows")
    return found if same else None


@lru_cache(maxsize=1)
def _shipped() -> Loaded:
    return _parse(files("qlp.confidence").joinpath("models", SHIPPED).read_bytes(), SHIPPED)


@lru_cache(maxsize=4)
def _parse(data: bytes, where: str) -> Loaded:
    try:
        model = ConfidenceModel.model_validate_json(data)
    except ValidationError as error:
        raise InputError(f"{where} is no confidence model: {str(error).splitlines()[0]}") from error
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    _MODELS[digest] = model
    return Loaded(model=model, digest=digest, where=where)
