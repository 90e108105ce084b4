"""A contract for files that come without a plan (`qlp validate PATH`, POST /v1/validate)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from qlp.errors import InputError
from qlp.models import ContractFile, InterfaceContract, ProjectCommand, ProjectLanguage, SourceFile
from qlp.validation.registry import toolchains


def detect_language(paths: Iterable[str]) -> ProjectLanguage:
    """The language with the most files; raises InputError when there is none that QLP has tools for."""
    known = {name: language for toolchain in toolchains() for name, language in toolchain.trees.items()}
    names = [p.rsplit("/", 1)[-1] for p in paths]
    found = Counter(known[key] for n in names for key in (n, "." + n.rsplit(".", 1)[-1]) if key in known)
    if not found:
        listed = ", ".join(sorted(set(known.values())))
        raise InputError(f"no file of a language that can be validated here ({listed}); name --language")
    return found.most_common(1)[0][0]


def infer_contract(files: Iterable[SourceFile], language: ProjectLanguage | None = None) -> InterfaceContract:
    """Install and test commands as a person would guess them from the files."""
    paths = {f.path for f in files}
    chosen = language or detect_language(paths)
    return InterfaceContract(
        project="project",
        kind="unknown",
        language=chosen,
        files=tuple(ContractFile(path=p, task="given") for p in sorted(paths)),
        commands=tuple(_commands(paths, chosen)),
    )


def _commands(paths: set[str], language: ProjectLanguage) -> Iterable[ProjectCommand]:
    if language == "python":
        if "requirements.txt" in paths:
            argv = (
                "python3",
                "-m",
                "pip",
                "install",
                "--no-index",
                "--disable-pip-version-check",
                "-r",
                "requirements.txt",
            )
            yield ProjectCommand(purpose="install", argv=argv)
        yield ProjectCommand(purpose="test", argv=("python3", "-m", "pytest", "-q"))
    elif language == "go":
        if "go.mod" in paths:
            yield ProjectCommand(purpose="build", argv=("go", "build", "./..."))
        if any(p.endswith("_test.go") for p in paths):
            yield ProjectCommand(purpose="test", argv=("go", "test", "./..."))
    else:
        if "package.json" in paths:
            yield ProjectCommand(purpose="install", argv=("qlp-node-install",))
        tests = tuple(sorted(p for p in paths if ".test." in p or p.startswith(("test/", "tests/"))))
        if tests:
            loader = ("--import", "/opt/qlp/node/node_modules/tsx/dist/loader.mjs") if language == "typescript" else ()
            yield ProjectCommand(purpose="test", argv=("node", *loader, "--test", *tests))
