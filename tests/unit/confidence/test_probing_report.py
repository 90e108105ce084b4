"""What is read out of recorded runs: examples, agreement, crashes, invariants and the rank of candidates."""

from __future__ import annotations

from typing import Any

import pytest

from qlp.confidence.features import BY_NAME
from qlp.confidence.probing import Candidate, ProbeLimits, ProbeReport, Target, wire
from qlp.confidence.probing.invariants import fits, kept, promises
from qlp.confidence.probing.models import RawRun
from qlp.confidence.probing.probe import plan, report

pytestmark = pytest.mark.unit

TARGET = Target(id="t", text="def f(n: int) -> int:\n    f(1) == 1\n    f(2) == 4\n", entry="f")
LIMITS = ProbeLimits(inputs=10)
EXAMPLES, INPUTS = plan(TARGET, limits=LIMITS, seed=0)
ARGUMENTS = [wire.decode(i.arguments[0]) for i in INPUTS]


def answers(rule: Any) -> RawRun:
    """A run whose call with n comes to rule(n): a value, or a record such as {"e": "ValueError"}."""
    made = [rule(n) for n in ARGUMENTS]
    return RawRun(load="ok", calls=tuple(m if isinstance(m, dict) else {"o": wire.encode(m)} for m in made))


def read(**runs: RawRun) -> ProbeReport:
    """The generator of a candidate is what precedes the underscore of its name."""
    candidates = [Candidate(id=name, code="", generator=name.split("_")[0]) for name in runs]
    return report(TARGET, candidates, EXAMPLES, INPUTS, list(runs.values()), limits=LIMITS, seed=0)


def square(n: int) -> int:
    return n * n


def test_every_feature_has_a_name_in_the_registry() -> None:
    names = set(read(a_1=answers(square), a_2=RawRun(load="syntax")).of("a_1").features)
    assert names <= set(BY_NAME)


def test_a_single_sample_agrees_with_nobody() -> None:
    features = read(a_1=answers(square)).of("a_1").features
    assert features["examples_pass_fraction"] == 1.0
    assert features["generated_crash_rate"] == 0.0
    for name in ("agreement_same_model", "agreement_other_models", "cluster_rank", "dissent_same"):
        assert features[name] is None


def test_agreement_counts_only_inputs_in_dispute() -> None:
    once = ARGUMENTS[-1]
    runs = read(
        a_1=answers(square), a_2=answers(square), a_3=answers(square),
        a_4=answers(lambda n: -1 if n == once else square(n)),
    )  # fmt: skip
    odd, usual = runs.of("a_4").features, runs.of("a_1").features
    assert odd["agreement_same_model"] == 0.0
    assert odd["dissent_same"] == 1.0
    assert usual["agreement_same_model"] == pytest.approx(2 / 3)
    assert (usual["cluster_rank"], odd["cluster_rank"]) == (0.0, 1.0)


def test_crashing_alike_is_no_agreement() -> None:
    runs = read(a_1=answers(lambda n: {"e": "KeyError"}), a_2=answers(lambda n: {"e": "KeyError"}))
    features = runs.of("a_1").features
    assert features["agreement_same_model"] == 0.0
    assert features["cluster_share_same"] == 0.0
    assert features["generated_crash_rate"] == 1.0


def test_other_models_are_compared_apart_and_two_of_one_model_at_most() -> None:
    wrong = {f"c_{i}": answers(lambda n: n) for i in range(6)}
    runs = read(a_1=answers(square), b_1=answers(square), **wrong)
    features = runs.of("a_1").features
    assert features["agreement_same_model"] is None
    assert features["cluster_share_other"] == pytest.approx(1 / 3), "one of b, two of c"
    assert features["agreement_passing"] is not None


def test_what_does_not_run_is_ranked_last_and_the_agreed_one_first() -> None:
    runs = read(
        a_1=RawRun(load="syntax"), a_2=answers(lambda n: n), a_3=answers(square), a_4=answers(square),
        a_5=answers(lambda n: square(n) if n in (1, 2) else 0),
    )  # fmt: skip
    ranked = sorted(runs.candidates, key=lambda c: c.rank, reverse=True)
    assert {c.id for c in ranked[:2]} == {"a_3", "a_4"}
    assert [c.id for c in ranked[3:]] == ["a_2", "a_1"]
    assert runs.of("a_1").features["loads"] == 0.0
    assert runs.of("a_2").failures == ("the request's example `f(2) == 4`: a call with (2) gave 2, not 4",)


def test_inputs_that_nobody_can_answer_are_no_crashes() -> None:
    unmeant = ARGUMENTS[-2:]

    def rule(n: int) -> Any:
        return {"e": "ValueError"} if n in unmeant else square(n)

    runs = read(a_1=answers(rule), a_2=answers(rule), a_3=answers(rule), a_4=answers(rule))
    assert runs.of("a_1").features["generated_crash_rate"] == 0.0
    assert runs.of("a_1").features["agreement_same_model"] == 1.0
    alone = read(a_1=answers(rule)).of("a_1").features
    assert (alone["generated_crash_rate"] or 0) + (alone["generated_edge_crash_rate"] or 0) > 0


def test_types_repeatability_and_arguments_are_looked_at() -> None:
    bad = RawRun(load="ok", calls=tuple({"o": "text", "d": False, "m": True} for _ in INPUTS))
    features = read(a_1=bad).of("a_1").features
    assert features["return_type_fits"] == 0.0
    assert features["repeatable"] == 0.0
    assert features["arguments_kept"] == 0.0
    assert features["output_diversity"] == 0.0


@pytest.mark.parametrize(
    "calls",
    [
        (),
        ({"o": ["i"]}, {"o": ["l", ["d", 1]]}, {"o": ["zz"]}, {"e": 7}, {"x": ["?"]}, None),
        tuple({"o": ["i", "one"]} for _ in INPUTS),
        tuple({"o": ["f", "nan"], "d": "yes", "m": []} for _ in INPUTS),
        tuple({"o": {"not": "ours"}} for _ in range(500)),
    ],
)
def test_a_driver_that_lies_breaks_nothing(calls: tuple[Any, ...]) -> None:
    one = read(a_1=RawRun(load="ok", calls=calls)).of("a_1")
    assert one.examples_passed == 0
    assert len(one.outcomes) == len(INPUTS)


def same(expected: Any, got: Any, **options: Any) -> bool:
    return wire.same(wire.encode(expected), wire.encode(got), **options)


def test_results_are_compared_as_the_language_does() -> None:
    assert same(1, 1.0)
    assert same(True, 1)
    assert same(0.3, 0.1 + 0.2)
    assert same({"b": [1], "a": 2}, {"a": 2, "b": [1.0]})
    assert same({1, 2}, {2, 1})
    assert same(2.35, 2.3512, digits=2)
    assert not same(2.35, 2.4, digits=2)
    assert not same([1, 2], (1, 2))
    assert same([1, (2,)], (1, [2]), loose=True)
    assert not same("1", 1)
    assert not same(None, 0)
    assert not same([1, 2], [1, 2, 3])
    assert wire.canonical(wire.encode([True, 2.0, {"b": 1, "a": 2}])) == wire.canonical(
        wire.encode([1, 2, {"a": 2, "b": 1}])
    )


def test_words_of_the_request_promise_things_about_results() -> None:
    assert "ascending" in promises(TARGET.model_copy(update={"text": "Return a sorted list of the words."}))
    assert promises(TARGET.model_copy(update={"text": "Return the words sorted by length."})) == ()
    up, down = wire.encode([1, 2]), wire.encode([2, 1])
    assert (kept("ascending", [], up), kept("ascending", [], down), kept("ascending", [], wire.encode(3))) == (
        True,
        False,
        None,
    )
    assert (kept("unique", [], up), kept("unique", [], wire.encode([1, 1]))) == (True, False)
    assert (kept("permutation", [up], down), kept("permutation", [up], wire.encode([1]))) == (True, False)
    assert (kept("subset", [up], wire.encode([1])), kept("subset", [up], wire.encode([3]))) == (True, False)
    assert fits(wire.encode(2.0), frozenset({"int"}))
    assert not fits(wire.encode(float("nan")), frozenset({"int"}))
    assert not fits(wire.encode("2"), frozenset({"int", "float"}))
