"""The job that runs a program of one of the languages in recipes.py; what is compiled goes to `.qlp/`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from qlp.errors import InputError
from qlp.models._base import Frozen
from qlp.sandbox.protocol import Command, Job
from qlp.sandbox.recipes import OUT, RECIPES, Recipe
from qlp.sandbox.sources import Project, argument

_BY_NAME: dict[str, tuple[Recipe, bool]] = {
    **{name: (recipe, False) for recipe in RECIPES for name in (recipe.name, *recipe.aliases)},
    **{name: (recipe, True) for recipe in RECIPES for name in recipe.test_aliases},
}


class Program(Frozen):
    """A job, and the profile whose sandbox runs it."""

    profile: str
    job: Job
    compiles: bool
    """The first of the job's commands is the compiler."""


def language_names() -> tuple[str, ...]:
    """Every name that `program_job` takes: languages, their aliases, and names of their test commands."""
    return tuple(_BY_NAME)


def recipe_of(language: str) -> tuple[Recipe, bool]:
    """The row of a language, and whether the name means its test command. Raises InputError."""
    found = _BY_NAME.get(language) or _BY_NAME.get(language.lower())
    if not found:
        raise InputError(f"no such language: {language!r}; there are {', '.join(_BY_NAME)}")
    return found


def main_file(language: str) -> str:
    """The file that a program of one text goes to. Raises InputError."""
    recipe, test = recipe_of(language)
    return (test and recipe.test_main) or recipe.main


def program_job(
    language: str,
    files: Mapping[str, bytes],
    *,
    entry: str | None = None,
    args: tuple[str, ...] = (),
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    fetch: tuple[str, ...] = (),
    compile_s: float | None = None,
    run_s: float | None = None,
    test: bool = False,
    fork: bool = False,
    profile: str | None = None,
    command: tuple[str, ...] | None = None,
) -> Program:
    """The job that compiles and runs a program, or with `test` its tests.

    `compile_s` and `run_s` are wall limits of the two steps, seconds. `profile` takes another image for the language,
    such as one with dependencies; with `command` that argv is run and nothing is compiled, and `language` may then be
    the name of a profile. Raises InputError.
    """
    names = sorted(files)
    if bad := next((path for path in names if path.split("/")[0] == OUT), None):
        raise InputError(f"{bad!r}: the folder {OUT}/ is where programs are compiled to; use another name")
    if command is not None:
        made = Command(argv=(*command, *args), stdin=stdin, env=dict(env or {}), wall_s=run_s)
        if profile is None:
            profile = recipe_of(language)[0].profile if language.lower() in _BY_NAME else language
        return Program(profile=profile, compiles=False, job=Job(files=dict(files), commands=(made,), fetch=fetch))
    recipe, means_test = recipe_of(language)
    test = test or means_test
    if fork and recipe.name != "python":
        raise InputError(f"fork mode reuses a running Python interpreter; {recipe.title} has none: leave `fork` out")
    project = Project(recipe, dict(files), entry, test)
    variables = {**recipe.env, **(env or {})}
    blanks: dict[str, tuple[str, ...]] = {
        "entry": (argument(project.entry),),
        "sources": tuple(map(argument, project.sources)),
        "tests": tuple(map(argument, project.tests)),
        "test": project.test_place,
        "args": args,
        "module": (project.module,),
        "package": project.package,
        **{name: _flags(variables.get(name, default), name) for name, default in recipe.flags.items()},
    }
    compiler, run = project.steps()
    commands = [Command(argv=_fill(run, blanks), stdin=stdin, env=variables, wall_s=run_s)]
    if compiler:
        commands.insert(0, Command(argv=_fill(compiler, blanks), env=variables, wall_s=compile_s))
    sent = {**project.files, **({f"{OUT}/.keep": b""} if compiler else {})}
    job = Job(files=sent, commands=tuple(commands), fetch=fetch, fork=fork)
    return Program(profile=profile or recipe.profile, job=job, compiles=bool(compiler))


def _flags(value: str, name: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise InputError(f"the variable {name} does not split into flags: {error}") from error


def _fill(template: tuple[str, ...], blanks: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    argv: list[str] = []
    for part in template:
        if part.startswith("{") and part.endswith("}"):
            argv += blanks[part[1:-1]]
        elif "{entry}" in part:
            argv.append(part.replace("{entry}", _quoted(blanks["entry"][0])))
        else:
            argv.append(part)
    return tuple(argv)


def _quoted(path: str) -> str:
    """A path in the double quotes of sqlite3's own commands. Raises InputError."""
    if any(c < " " for c in path):
        raise InputError(f"{path!r}: a line break or another control character in the name of the entry point")
    return path.replace("\\", "\\\\").replace('"', '\\"')
