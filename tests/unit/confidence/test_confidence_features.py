from __future__ import annotations

import pytest

from qlp.confidence.features import BY_NAME, FEATURES, features_of
from qlp.models import StageResult, Verdict

pytestmark = pytest.mark.unit

Facts = dict[str, int | float | str]


def verdict(facts: dict[str, Facts] | None = None, **status: str) -> Verdict:
    stages = tuple(
        StageResult(stage=s, status=v, facts=(facts or {}).get(s, {}))  # type: ignore[arg-type]
        for s, v in status.items()
    )
    return Verdict(input_digest="sha256:0", stages=stages, verified=all(v == "passed" for v in status.values()))


def test_what_was_not_measured_is_missing() -> None:
    values = features_of(verdict(syntax="passed"))
    assert values["stage_syntax_clean"] == 1.0
    assert {name for name, value in values.items() if value is not None} == {"stage_syntax_clean"}


def test_a_skipped_or_broken_stage_says_nothing_about_the_code() -> None:
    values = features_of(verdict(syntax="failed", types="skipped", security="errored"))
    assert values["stage_syntax_clean"] == 0.0
    assert values["stage_types_clean"] is None
    assert values["stage_security_clean"] is None


def test_tests_count_only_if_they_ran() -> None:
    ran = {
        "tests": {"tests_passed": 3, "tests_failed": 1, "mutants_tried": 12, "mutants_killed": 5, "mutants_invalid": 2}
    }
    values = features_of(verdict(ran, tests="failed"), given_tests=True)
    assert values["tests_pass_fraction"] == 0.75
    assert values["tests_log"] == 2.0
    assert values["given_tests_pass"] == 0.0
    assert values["mutants_killed_fraction"] == 0.5
    broken = features_of(verdict({"tests": {"tests_passed": 3}}, tests="errored"))
    assert broken["tests_pass_fraction"] is None, "a run that broke has no count that could be believed"


def test_smoke_requests_and_coverage_become_shares() -> None:
    facts: dict[str, Facts] = {"tests": {"tests_passed": 1, "coverage_percent": 80.0},
                               "runtime": {"smoke_requests": 3, "smoke_failed": 1}}  # fmt: skip
    values = features_of(verdict(facts, tests="passed", runtime="failed"))
    assert values["coverage"] == pytest.approx(0.8)
    assert values["smoke_pass_fraction"] == pytest.approx(2 / 3)
    assert values["smoke_log"] == 2.0
    assert values["runs_ok"] is None, "no program was run"


def test_signals_are_taken_under_known_names_only() -> None:
    assert features_of(verdict(), signals={"agreement_same_model": 0.5})["agreement_same_model"] == 0.5
    with pytest.raises(KeyError, match="tier_bonus"):
        features_of(verdict(), signals={"tier_bonus": 1.0})


def test_the_registry_names_every_feature_once_and_says_what_it_is() -> None:
    assert len(BY_NAME) == len(FEATURES)
    assert all(f.meaning and f.kinds and f.group for f in FEATURES)
    assert not [f.name for f in FEATURES if "tier" in f.name or "model_name" in f.name], "no constant of a source"
