"""cppcheck with the template `TEMPLATE`: one finding a line on standard error."""

from __future__ import annotations

from qlp.models import Finding, Severity
from qlp.sandbox.protocol import ExecResult
from qlp.validation.check import Reading
from qlp.validation.readings import how_it_ended, relative, tail

TEMPLATE = "QLP\t{file}\t{line}\t{column}\t{severity}\t{id}\t{message}"
_MAX_FINDINGS = 200
_SEVERITY: dict[str, Severity] = {"error": "high", "warning": "medium"}
_DEFECTS = frozenset({
    "assignBoolToPointer", "clarifyCondition", "comparisonOfFuncReturningBoolError", "duplicateAssignExpression",
    "duplicateBranch", "duplicateBreak", "duplicateCondition", "duplicateConditionalAssign", "duplicateExpression",
    "duplicateExpressionTernary", "duplicateValueTernary", "identicalConditionAfterEarlyExit",
    "identicalInnerCondition", "incorrectStringBooleanError",
    "knownConditionTrueFalse", "mismatchingContainerExpression", "moduloofone",
    "multiCondition", "oppositeExpression", "redundantAssignment", "redundantCondition", "redundantCopy",
    "redundantInitialization", "selfAssignment", "staticStringCompare", "unreadVariable", "unreachableCode",
    "unsignedLessThanZero", "unusedAllocatedMemory", "unusedLabel", "unusedVariable", "uselessAssignmentArg",
    "uselessAssignmentPtrArg", "unassignedVariable", "unsignedPositive", "memsetZeroBytes",
})  # fmt: skip
"""Style messages that point at a mistake; the others (const, scope, explicit constructors) are low."""
_NO_ANSWER = frozenset({
    "syntaxError", "preprocessorErrorDirective", "unknownMacro", "internalAstError", "internalError", "cppcheckError",
    "noValidConfiguration", "missingInclude", "missingIncludeSystem",
})  # fmt: skip
"""cppcheck could not read the file: gcc says in the stages syntax and types whether there is something wrong."""


def cppcheck(result: ExecResult) -> Reading:
    if not result.ok:
        return Reading(broken=f"cppcheck {how_it_ended(result)}: {tail(result)}")
    found = []
    for line in result.stderr.decode("utf-8", "replace").splitlines():
        parts = line.split("\t", 6)
        if len(parts) != 7 or parts[0] != "QLP":
            continue
        _, file, row, column, level, rule, message = parts
        if level in ("information", "debug", "none"):
            continue
        unread = rule in _NO_ANSWER
        severity: Severity = _SEVERITY.get(level, "medium" if rule in _DEFECTS else "low")
        found.append(
            Finding(
                rule=rule,
                severity="info" if unread else severity,
                message=f"cppcheck cannot read this: {message}" if unread else message,
                file=relative(file) or None,
                line=int(row) or None,
                column=int(column) or None,
            )
        )
    return Reading(tuple(found[:_MAX_FINDINGS]))
