"""What a confidence rests on: the names, meanings and directions of all features, and how a run's evidence gives them.

A feature is measured on this very result or it is missing (`None`); nothing is a constant of a tier or of a model.
A feature is named here once and means the same in training rows and at run time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from qlp.models import Stage, Verdict

Kind = Literal["function", "project"]
"""`function`: one function or class; `project`: several files with commands of their own."""

FeatureValues = Mapping[str, float | None]


@dataclass(frozen=True)
class Feature:
    """`monotone`: +1 if a larger value may only raise the probability, -1 only lower it, 0 if it is left open."""

    name: str
    kinds: tuple[Kind, ...]
    meaning: str
    monotone: Literal[-1, 0, 1] = 0
    group: str = "verdict"
    """Features of one group are measured together, so they are missing together: what compares a solution with a pool
    of several models' samples is one group."""


_ANY: tuple[Kind, ...] = ("function", "project")
_FUNCTION: tuple[Kind, ...] = ("function",)
_PROJECT: tuple[Kind, ...] = ("project",)

FEATURES: tuple[Feature, ...] = (
    Feature("examples_pass_fraction", _FUNCTION, "share of the request's own examples that hold", 1, "examples"),
    Feature("examples_count_log", _FUNCTION, "log2(1 + examples executed)", 0, "examples"),
    Feature("generated_crash_rate", _FUNCTION, "share of generated inputs on which it raises", -1, "generated"),
    Feature("generated_timeout_rate", _FUNCTION, "share of generated inputs on which it hangs", -1, "generated"),
    Feature("invariants_hold", _FUNCTION, "share of generated checks that hold", 1, "generated"),
    Feature("agreement_same_model", _FUNCTION, "share of same-model samples with the same outputs", 1, "same"),
    Feature("agreement_other_models", _FUNCTION, "share of other models' samples with the same outputs", 1, "other"),
    Feature("cluster_rank", _FUNCTION, "rank of its output cluster by size, 0 = largest", -1, "other"),
    Feature("tests_pass_fraction", _ANY, "share of the executed tests that pass", 1, "tests"),
    Feature("tests_log", _ANY, "log2(1 + tests passed)", 1, "tests"),
    Feature("given_tests_pass", _ANY, "1 if all tests that the user gave pass, 0 if one fails", 1, "given"),
    Feature("mutants_killed_fraction", _ANY, "share of sampled mutants that the tests notice", 1, "mutants"),
    Feature("coverage", _ANY, "share of lines that the tests execute", 1, "coverage"),
    Feature("stage_syntax_clean", _ANY, "1 if the syntax stage passed, 0 if it failed", 1, "syntax"),
    Feature("stage_style_clean", _ANY, "1 if the style stage passed, 0 if it failed", 1, "style"),
    Feature("stage_types_clean", _ANY, "1 if the types stage passed, 0 if it failed", 1, "types"),
    Feature("stage_security_clean", _ANY, "1 if the security stage passed, 0 if it failed", 1, "security"),
    Feature("smoke_pass_fraction", _PROJECT, "share of smoke requests answered as promised", 1, "smoke"),
    Feature("smoke_log", _PROJECT, "log2(1 + smoke requests)", 1, "smoke"),
    Feature("runs_ok", _ANY, "1 if the program ran and printed what the contract promises", 1, "runtime"),
    Feature("sample_pass_fraction", _ANY, "share of the sampled candidates that passed the same checks", 1, "samples"),
    Feature("request_match", _PROJECT, "share of the request's wishes that the blueprint serves", 1, "match"),
    Feature("repair_rounds", _ANY, "repairs until it looked as it does", -1, "history"),
    Feature("logprob_mean", _FUNCTION, "mean log-probability of the model's tokens", 1, "logprob"),
    Feature("pattern_similarity", _ANY, "similarity to the nearest verified pattern, 0..1", 1, "patterns"),
    Feature("code_length_log", _ANY, "log2(1 + characters of code); static", 0, "static"),
    Feature("loads", _FUNCTION, "1 if the code loads and has the function, else 0", 1, "loads"),
    Feature("generated_edge_crash_rate", _FUNCTION, "share of boundary inputs on which it raises", -1, "generated"),
    Feature("generated_edge_timeout_rate", _FUNCTION, "share of boundary inputs on which it hangs", -1, "generated"),
    Feature("return_type_fits", _FUNCTION, "share of results of a type that the request allows", 1, "generated"),
    Feature("repeatable", _FUNCTION, "share of calls that give the same answer twice", 1, "generated"),
    Feature("arguments_kept", _FUNCTION, "share of calls that leave their arguments as they are", 0, "generated"),
    Feature("output_diversity", _FUNCTION, "distinct answers to generated inputs, 0 (one answer) to 1", 0, "generated"),
    Feature("agreement_passing", _FUNCTION, "agreement with samples that pass all examples", 1, "other"),
    Feature(
        "cluster_share_same",
        _FUNCTION,
        "same-model samples that answer alike everywhere",
        1,
        "same",
    ),
    Feature("cluster_share_other", _FUNCTION, "other models' samples that answer alike everywhere", 1, "other"),
    Feature("dissent_same", _FUNCTION, "how often most of the same model's samples answer otherwise", -1, "same"),
    Feature("dissent_other", _FUNCTION, "how often most of other models' samples answer otherwise", -1, "other"),
    Feature("clusters_log", _FUNCTION, "log2(1 + distinct behaviours among the samples)", 0, "other"),
)

BY_NAME: dict[str, Feature] = {f.name: f for f in FEATURES}
_STAGES: tuple[Stage, ...] = ("syntax", "style", "types", "security")


def features_of(
    verdict: Verdict,
    *,
    given_tests: bool = False,
    request_match: float | None = None,
    sample_pass_fraction: float | None = None,
    repair_rounds: int | None = None,
    code_characters: int | None = None,
    signals: FeatureValues | None = None,
) -> dict[str, float | None]:
    """Every feature by name, `None` where it was not measured. `signals` are measured elsewhere (probing, patterns,
    log-probabilities) under the names of FEATURES; KeyError for a name that is none."""
    tests, runtime = verdict.stage("tests"), verdict.stage("runtime")
    facts = tests.facts if tests is not None and tests.status in ("passed", "failed") else {}
    passed, failed = _fact(facts, "tests_passed") or 0.0, _fact(facts, "tests_failed") or 0.0
    ran = passed + failed > 0
    mutants, killed = _fact(facts, "mutants_tried"), _fact(facts, "mutants_killed")
    invalid = _fact(facts, "mutants_invalid") or 0.0
    percent = _fact(facts, "coverage_percent")
    ran_facts = runtime.facts if runtime is not None else {}
    smoke = _fact(ran_facts, "smoke_requests")
    answered = smoke - (_fact(ran_facts, "smoke_failed") or 0.0) if smoke else None
    programs = runtime is not None and "runs" in ran_facts and runtime.status in ("passed", "failed")
    values: dict[str, float | None] = dict.fromkeys(BY_NAME)
    values |= {
        "tests_pass_fraction": passed / (passed + failed) if ran else None,
        "tests_log": math.log2(1 + passed) if ran else None,
        "given_tests_pass": float(tests is not None and tests.status == "passed") if given_tests else None,
        "mutants_killed_fraction": (killed or 0.0) / (mutants - invalid) if mutants and mutants > invalid else None,
        "coverage": percent / 100 if percent is not None else None,
        "smoke_pass_fraction": answered / smoke if smoke and answered is not None else None,
        "smoke_log": math.log2(1 + smoke) if smoke else None,
        "runs_ok": float(runtime is not None and runtime.status == "passed") if programs else None,
        "sample_pass_fraction": sample_pass_fraction,
        "request_match": request_match,
        "repair_rounds": None if repair_rounds is None else float(repair_rounds),
        "code_length_log": None if code_characters is None else math.log2(1 + code_characters),
    }
    values |= {f"stage_{stage}_clean": _clean(verdict, stage) for stage in _STAGES}
    for name, value in (signals or {}).items():
        if name not in BY_NAME:
            raise KeyError(f"{name!r} is no feature: name it in qlp/confidence/features.py")
        values[name] = value
    return values


def _clean(verdict: Verdict, name: Stage) -> float | None:
    """None where the stage was skipped or broke: that says nothing about the code."""
    stage = verdict.stage(name)
    return float(stage.status == "passed") if stage is not None and stage.status in ("passed", "failed") else None


def _fact(facts: Mapping[str, int | float | str], name: str) -> float | None:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) else None
