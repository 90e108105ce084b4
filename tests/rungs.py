"""Orders the rungs from quick to slow, and lets CI insist that none is skipped.

`QLP_REQUIRE_RUNGS=docker,ray,...` turns a skip of a test with one of these marks into a failure.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

ORDER = ("unit", "contract", "model", "bubblewrap", "docker", "gvisor", "ray", "http", "chaos", "vllm", "paid")


def _rung(item: pytest.Item) -> int:
    """The slowest mark decides; an unmarked test counts as a unit test."""
    return max((i for i, name in enumerate(ORDER) if item.get_closest_marker(name)), default=0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What costs money runs only when it is asked for by name: `-m paid`."""
    if "paid" not in config.option.markexpr:
        paid = [item for item in items if item.get_closest_marker("paid")]
        config.hook.pytest_deselected(items=paid)
        items[:] = [item for item in items if not item.get_closest_marker("paid")]
    items.sort(key=_rung)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = set(filter(None, os.environ.get("QLP_REQUIRE_RUNGS", "").split(",")))
    marks = {name for name in ORDER if item.get_closest_marker(name)}
    if report.skipped and marks & required and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"rung {'/'.join(sorted(marks))} must run here but was skipped: {reason}"
    return report
