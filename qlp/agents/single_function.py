"""One function with tests from the user: the plan is known without asking a model."""

from __future__ import annotations

import posixpath
import re

from qlp.agents.commands import project_commands
from qlp.agents.user_tests import (
    Imported,
    imported_modules,
    language_of_tests,
    public_names,
    user_test_files,
    user_tests_task,
)
from qlp.models import Analysis, ContractFile, InterfaceContract, Language, Plan, Request, Task
from qlp.models.plan import USER_TESTS

_KINDS = ("function", "unknown", "library")


def single_function_plan(request: Request, analysis: Analysis, *, generator: str = "model") -> Plan | None:
    """One code task that owns the one module which the user's tests import; None if the request is no such thing.

    It is one if there are tests in one language, they import exactly one local module, and the analysis saw no
    larger kind of project. Raises InputError if a test cannot be parsed.
    """
    language = language_of_tests(request.tests)
    spec = analysis.spec
    if language is None or request.language not in (None, language):
        return None
    if spec.kind not in _KINDS or spec.entities or spec.framework:
        return None
    modules = imported_modules(request.tests, language)
    if len(modules) != 1:
        return None
    module = modules[0]
    manifest = _manifest(language, module, request)
    files = [ContractFile(path=module.path, task="code", purpose="the solution, which the user's tests import")]
    files += [ContractFile(path=manifest, task="code", purpose="package manifest")] if manifest else []
    return Plan(
        generator=generator,
        tasks=(
            user_tests_task(),
            Task(
                id="code",
                kind="code",
                title=f"Write {module.path}",
                instructions="Do what the request asks; the tests that exist already must pass as they are.",
                complexity=analysis.complexity,
                depends_on=(USER_TESTS,),
            ),
        ),
        contract=InterfaceContract(
            project=module.package or spec.name,
            kind="function",
            language=language,
            files=(*files, *user_test_files(request)),
            names=public_names(module),
            commands=project_commands(language, [f.path for f in files], list(request.tests)),
            notes=f"{module.path} is in package {module.package}." if module.package else "",
        ),
        assumptions=(f"The solution goes to {module.path}, which the tests import.",),
    )


def _manifest(language: Language, module: Imported, request: Request) -> str | None:
    """Go and TypeScript need one; JavaScript only where a `.js` file is meant as an ES module."""
    if language == "go":
        name = "go.mod"
    elif language == "typescript" or any(
        posixpath.splitext(path)[1] == ".js" and re.search(r"^[ \t]*import[ \t]+[^\s(]", source, re.MULTILINE)
        for path, source in request.tests.items()
    ):
        name = "package.json"
    else:
        return None
    return None if name in request.tests else name
