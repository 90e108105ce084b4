"""Diagnostics of rustc and clippy, one JSON object a line, bare or wrapped in cargo's messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

_MAX_FINDINGS = 200
_SUMMARY = re.compile(
    r"^(?:aborting due to|\d+ warnings? emitted|For more information|could not compile)|generated \d+ warn"
)
_NO_CRATE = re.compile(
    r"^(?:error: |Caused by:\n  )?(?:no matching package|failed to (?:select a version|get `))", re.M
)
_CRASH = re.compile(rb"has overflowed its stack|SIGSEGV|librustc_driver-[0-9a-f]+\.so\(\+0x")
_DEFECTS = frozenset({
    "clippy::absurd_extreme_comparisons", "clippy::bool_comparison", "clippy::await_holding_lock",
    "clippy::blanket_clippy_restriction_lints", "clippy::cast_abs_to_unsigned", "clippy::cast_enum_truncation",
    "clippy::clone_double_ref", "clippy::crate_in_macro_def", "clippy::double_comparisons", "clippy::double_parens",
    "clippy::drop_non_drop", "clippy::duplicate_mod", "clippy::duplicate_underscore_argument", "clippy::empty_loop",
    "clippy::float_equality_without_abs", "clippy::for_loops_over_fallibles", "clippy::forget_non_drop",
    "clippy::identity_op", "clippy::if_same_then_else", "clippy::ineffective_bit_mask", "clippy::let_unit_value",
    "clippy::map_clone", "clippy::misrefactored_assign_op", "clippy::mut_range_bound", "clippy::mutable_key_type",
    "clippy::needless_bool", "clippy::needless_collect", "clippy::needless_range_loop", "clippy::neg_multiply",
    "clippy::never_loop", "clippy::no_effect", "clippy::nonminimal_bool", "clippy::octal_escapes",
    "clippy::only_used_in_recursion", "clippy::overflow_check_conditional", "clippy::overly_complex_bool_expr",
    "clippy::partialeq_to_none", "clippy::path_ends_with_ext", "clippy::possible_missing_comma", "clippy::precedence",
    "clippy::ptr_arg", "clippy::redundant_clone", "clippy::redundant_slicing", "clippy::result_unit_err",
    "clippy::self_named_constructors", "clippy::single_component_path_imports", "clippy::suspicious_arithmetic_impl",
    "clippy::suspicious_assignment_formatting", "clippy::suspicious_else_formatting", "clippy::suspicious_map",
    "clippy::suspicious_op_assign_impl", "clippy::suspicious_unary_op_formatting", "clippy::temporary_assignment",
    "clippy::transmute_ptr_to_ref", "clippy::unnecessary_operation", "clippy::unused_io_amount", "clippy::unused_unit",
    "clippy::useless_conversion", "clippy::useless_vec", "clippy::vec_box", "clippy::while_let_loop",
    "clippy::zero_divided_by_zero", "clippy::zero_prefixed_literal", "clippy::zombie_processes",
})  # fmt: skip
"""Warnings of clippy's groups suspicious, complexity, style and perf that point at a mistake rather than at taste
(the group `correctness` is denied by clippy itself, so it comes as errors). The other warnings of clippy are low."""
_TASTE = frozenset({
    "deprecated", "non_snake_case", "non_camel_case_types", "non_upper_case_globals", "unused_parens", "unused_braces",
    "confusable_idents", "mixed_script_confusables", "uncommon_codepoints", "ellipsis_inclusive_range_patterns",
})  # fmt: skip
"""Warnings of rustc itself that are shown and fail nothing; all its others (unused, unreachable ...) are defects."""


def rustc_syntax(result: ExecResult) -> Reading:
    """`rustc -Zparse-only`, file by file: every error is one of syntax."""
    findings = [f for f in _findings(result) if f.severity == "high"]
    made = tuple(f.model_copy(update={"rule": "syntax-error", "severity": "critical"}) for f in findings)
    return _reading(result, made, "rustc")


def rustc_types(result: ExecResult) -> Reading:
    """`cargo check` or `rustc --emit=metadata`: errors; the warnings are clippy's, of the style stage."""
    errors = tuple(f for f in _findings(result) if f.severity == "high")
    missing = _NO_CRATE.search(result.stderr.decode("utf-8", "replace")) if not errors else None
    if missing:
        errors = (Finding(rule="missing-crate", severity="high", message=tail(result, 6), file="Cargo.toml"),)
    return _reading(result, errors, "cargo")


def clippy(result: ExecResult) -> Reading:
    """`cargo clippy` or `clippy-driver`. Errors of the compiler are the types stage's: here they are one finding."""
    findings = list(_findings(result))
    broken = [f for f in findings if f.severity == "high" and not f.rule.startswith("clippy::")]
    if broken and result.exit_code not in (0, None):
        first = broken[0].model_copy(update={"rule": "does-not-compile"})
        return Reading((first,))
    if not findings and _NO_CRATE.search(result.stderr.decode("utf-8", "replace")):
        return Reading((Finding(rule="missing-crate", severity="high", message=tail(result, 6), file="Cargo.toml"),))
    return _reading(result, tuple(findings), "clippy")


def _reading(result: ExecResult, findings: tuple[Finding, ...], tool: str) -> Reading:
    failed = any(f.severity in ("high", "critical") for f in findings)
    if not result.ok and not failed and _CRASH.search(result.stderr):
        deep = Finding(rule="too-deep", severity="critical", message="rustc crashed on it: it is nested too deeply")
        return Reading((deep, *findings)[:_MAX_FINDINGS])
    if not result.ok and not failed:
        return Reading(broken=f"{tool} {how_it_ended(result)}: {tail(result)}")
    return Reading(findings[:_MAX_FINDINGS])


def _findings(result: ExecResult) -> Iterator[Finding]:
    seen: set[tuple[str, str | None, int | None, int | None]] = set()
    for row in _rows(result):
        finding = _finding(row)
        key = (finding.rule, finding.file, finding.line, finding.column)
        if key not in seen:  # cargo compiles a library twice, with and without its tests
            seen.add(key)
            yield finding


def _rows(result: ExecResult) -> Iterator[dict[str, Any]]:
    for line in (result.stdout + b"\n" + result.stderr).decode("utf-8", "replace").splitlines():
        if not line.startswith("{"):
            continue
        row = json.loads(line)
        row = row.get("message") if row.get("reason") == "compiler-message" else row
        if not isinstance(row, dict) or row.get("level") not in ("error", "warning", "error: internal compiler error"):
            continue
        if not (row["spans"] == [] and _SUMMARY.search(row["message"])):
            yield row


def _finding(row: dict[str, Any]) -> Finding:
    rule = (row.get("code") or {}).get("code") or ("compile-error" if row["level"] != "warning" else "warning")
    place = next((span for span in row["spans"] if span["is_primary"]), None)
    while place and place.get("expansion") and place["file_name"].startswith("<"):
        place = place["expansion"]["span"]  # inside a macro of the library: where our code calls it
    label = place.get("label") if place else None
    hint = _hint(row["children"])
    return Finding(
        rule=rule,
        severity=_severity(row["level"], rule),
        message=row["message"] + (f": {label}" if label and label not in row["message"] else ""),
        file=relative(place["file_name"]) if place else None,
        line=place["line_start"] if place else None,
        column=place["column_start"] if place else None,
        end_line=place["line_end"] if place else None,
        end_column=place["column_end"] if place else None,
        fix=hint,
    )


def _severity(level: str, rule: str) -> Severity:
    if level != "warning":
        return "high"
    if rule.startswith("clippy::"):
        return "medium" if rule in _DEFECTS else "low"
    return "low" if rule in _TASTE or rule.startswith("rustdoc::") else "medium"


def _hint(children: list[dict[str, Any]]) -> str | None:
    for child in children:
        if child["level"] == "help" and not child["message"].startswith("for further information"):
            new = next((s["suggested_replacement"] for s in child["spans"] if s.get("suggested_replacement")), None)
            return f"{child['message']}: `{new}`" if new else child["message"]
    return None
