"""A contract for files that come without a plan (`qlp validate PATH`, POST /v1/validate)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from fnmatch import fnmatchcase

from qlp.errors import InputError
from qlp.models import ContractFile, InterfaceContract, ProjectCommand, ProjectLanguage, SourceFile
from qlp.validation.inference import bash, c, csharp, go, java, lua, node, perl, php, python, ruby, rust
from qlp.validation.registry import toolchains

Guess = Callable[[Set[str], Mapping[str, str]], Iterable[ProjectCommand]]

_COMMANDS: dict[ProjectLanguage, Guess] = {
    "python": python.commands,
    "javascript": node.commands,
    "typescript": node.commands,
    "go": go.commands,
    "c#": csharp.commands,
    "c++": c.commands,
    "c": c.commands,
    "rust": rust.commands,
    "java": java.commands,
    "ruby": ruby.commands,
    "php": php.commands,
    "perl": perl.commands,
    "lua": lua.commands,
    "bash": bash.commands,
}
"""Language -> how its projects are installed, built, tested and run."""

_RANK: dict[ProjectLanguage, int] = {
    "other": 1, "bash": 2, "sql": 2, "terraform": 2, "html": 3, "css": 3, "yaml": 4, "dockerfile": 4,
}  # fmt: skip
"""A project is written in a language of the lowest rank that it has; one that is not named here has rank 0. Scripts,
pages and configuration surround almost every program, however many files of them there are."""


def language_of(path: str) -> ProjectLanguage | None:
    """The language that a file's name tells: its whole last part, its suffix, or a pattern such as `Dockerfile.*`."""
    return _language(path, _known_names())


def _language(path: str, known: Mapping[str, ProjectLanguage]) -> ProjectLanguage | None:
    name = path.rsplit("/", 1)[-1]
    for key in (name, "." + name.rsplit(".", 1)[-1]):
        if key in known:
            return known[key]
    return next((language for key, language in known.items() if "*" in key and fnmatchcase(name, key)), None)


def detect_language(paths: Iterable[str]) -> ProjectLanguage:
    """What most files of the lowest rank are written in; raises InputError when there is none that QLP has tools
    for."""
    known = _known_names()
    found = Counter(language for p in paths if (language := _language(p, known)) is not None)
    if not found:
        listed = ", ".join(sorted(set(known.values())))
        raise InputError(f"no file of a language that can be validated here ({listed}); name --language")
    lowest = min(_RANK.get(language, 0) for language in found)
    return max((n, language) for language, n in found.items() if _RANK.get(language, 0) == lowest)[1]


def infer_contract(
    files: Iterable[SourceFile],
    language: ProjectLanguage | None = None,
    *,
    profile: str | None = None,
    commands: Sequence[ProjectCommand] = (),
) -> InterfaceContract:
    """Install and test commands as a person would guess them from the files.

    `profile`: the sandbox profile to work in, such as an operator's own image. `commands` replace the guessed ones of
    the same purpose. With either of them the files may be of a language that QLP knows nothing of (`other`).
    """
    given = tuple(files)
    paths = {f.path for f in given}
    chosen = language or _detect(paths, unknown_ok=bool(profile or commands))
    guess = _COMMANDS.get(chosen)
    texts = {f.path: f.content for f in given if f.encoding == "utf-8"}
    guessed = tuple(guess(paths, texts)) if guess is not None else ()
    said = {c.purpose for c in commands}
    return InterfaceContract(
        project="project",
        kind="unknown",
        language=chosen,
        profile=profile,
        files=tuple(ContractFile(path=p, task="given") for p in sorted(paths)),
        commands=(*(c for c in guessed if c.purpose not in said), *commands),
    )


def _detect(paths: set[str], *, unknown_ok: bool) -> ProjectLanguage:
    try:
        return detect_language(paths)
    except InputError:
        if unknown_ok:
            return "other"
        raise


def _known_names() -> dict[str, ProjectLanguage]:
    return {name: language for toolchain in toolchains() for name, language in toolchain.trees.items()}
