"""Curves as one PNG: risk by coverage, and calibration. Needs matplotlib (extra `train`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from qlp.confidence.features import BY_NAME
from qlp.confidence.measure.metrics import BINS, Floats, Ints, risk_coverage
from qlp.confidence.measure.scored import ScoredRows
from qlp.errors import InputError

_SINGLES = 4
"""Features whose own curve is drawn beside the model's: those with the smallest area."""


def draw(scored: ScoredRows, out: Path) -> None:
    """Raises InputError for a file that cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5), layout="constrained")
    FigureCanvasAgg(figure)
    risks, calibration = figure.subplots(1, 2)
    y = scored.table.y
    for name, p in (("no outcomes", scored.before), ("100 outcomes", scored.after)):
        there = ~np.isnan(p)
        if not there.any():
            continue
        curve = risk_coverage(p[there], y[there])
        risks.plot(curve.coverage, curve.risk, label=f"model, {name}", linewidth=2)
        x, observed = _reliability(p[there], y[there])
        calibration.plot(x, observed, marker="o", label=name)
    for name in _best_features(scored):
        values = scored.table.x[:, scored.table.features.index(name)]
        there = ~np.isnan(values)
        curve = risk_coverage(values[there] * (BY_NAME[name].monotone or 1), y[there])
        risks.plot(curve.coverage, curve.risk, label=name, linewidth=1, linestyle="--")
    risks.set(xlabel="share accepted, most confident first", ylabel="share of wrong ones among them", title="risk")
    calibration.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    calibration.set(xlabel="predicted probability", ylabel="observed share right", title="calibration, equal-mass bins")
    risks.legend()
    calibration.legend()
    try:
        figure.savefig(out, dpi=110, metadata={"Software": None})
    except (OSError, ValueError) as error:
        raise InputError(f"the picture {out} cannot be written: {error}") from error


def _best_features(scored: ScoredRows) -> list[str]:
    areas: dict[str, list[float]] = {}
    for single in scored.report.singles:
        areas.setdefault(single.feature, []).append(single.aurc)
    return sorted(areas, key=lambda name: float(np.mean(areas[name])))[:_SINGLES]


def _reliability(p: Floats, y: Ints) -> tuple[list[float], list[float]]:
    order = np.argsort(p, kind="stable")
    bins = [b for b in np.array_split(order, BINS) if len(b)]
    return [float(p[b].mean()) for b in bins], [float(y[b].mean()) for b in bins]
