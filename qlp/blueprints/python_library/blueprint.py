"""The blueprint `python-library`: what it serves, its plan and its files."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from qlp.blueprints.protocol import Match
from qlp.blueprints.python_cli.tables import UnservableModel
from qlp.blueprints.python_library import units
from qlp.blueprints.python_library.domain import domain_context
from qlp.blueprints.python_library.layout import (
    Layout,
    Part,
    import_line,
    install_command,
    one_line,
    package_name,
    plan_of,
    project_name,
    render_task,
    standard_parts,
    test_command,
)
from qlp.blueprints.python_library.scoring import basics_missing, scored
from qlp.blueprints.python_library.validators import ValidatorRow, split_function
from qlp.blueprints.python_library.wishes import LibraryWish, wish_of
from qlp.errors import PlanError
from qlp.models import Analysis, Plan, ProjectCommand, PublicName, SourceFile, Task


class PythonLibrary:
    """A typed library in one of three flavours: unit conversion, validators, domain model."""

    name = "python-library"
    version = "1"
    title = "Typed Python library: exact unit conversion, validators (email, IBAN, ISBN, ...), or a domain model"
    example = "Write a Python library that converts temperature, length and mass between metric and imperial units"

    def match(self, analysis: Analysis) -> Match:
        wish = wish_of(analysis)
        missing = [*basics_missing(analysis, frozenset()), *wish.missing]
        return scored(self.name, analysis, "library", list(wish.reasons), missing)

    def plan(self, analysis: Analysis) -> Plan:
        return plan_of(self._layout(analysis))

    def render(self, analysis: Analysis, plan: Plan, task_id: str) -> tuple[SourceFile, ...]:
        return render_task(self._layout(analysis), task_id)

    def _layout(self, analysis: Analysis) -> Layout:
        spec, wish = analysis.spec, wish_of(analysis)
        package, project = package_name(spec.name), project_name(spec.name)
        context: dict[str, object] = {
            "pkg": package,
            "project": project,
            "headline": one_line(spec.summary),
            "summary": one_line(spec.summary, 200),
            "script": "",
            "typed": True,
            "docker_lines": [f'CMD ["python", "-m", "{package}.demo"]'],
        }
        match wish.flavour:
            case "units":
                special, files, names, expected = _units(wish, package)
            case "validators":
                special, files, names, expected = _validators(wish, package)
            case "domain":
                special, files, names, expected = self._domain(analysis, package)
            case _:
                raise PlanError(f"{self.name} cannot make this library: {'; '.join(wish.missing)}")
        root = f"src/{package}"
        return Layout(
            generator=f"{self.name}@{self.version}",
            project=project,
            kind="library",
            parts=(
                *files,
                Part(f"{root}/py.typed", "core", "empty.j2", "marks the package as typed"),
                Part("tests/conftest.py", "tests", "conftest.py.j2", "test settings"),
                *standard_parts(package, src=True),
            ),
            tasks=_TASKS,
            names=names,
            commands=(
                install_command(),
                test_command(),
                ProjectCommand(
                    purpose="run",
                    argv=("python3", "-m", f"{package}.demo"),
                    env={"PYTHONPATH": "src", "PYTHONIOENCODING": "utf-8"},
                    expect_stdout=expected,
                ),
            ),
            context={**context, **special},
            notes="Standard library only. Every public name has a docstring; examples in docstrings are tests.",
            assumptions=wish.assumptions,
        )

    def _domain(self, analysis: Analysis, package: str) -> tuple[dict[str, object], tuple[Part, ...], _Names, str]:
        try:
            context = domain_context(analysis.spec, package)
        except UnservableModel as error:
            raise PlanError(f"{self.name} cannot make this library: {error}") from error
        files = _parts(
            package,
            "domain",
            core=("errors", "record", "models"),
            code=("repository", "store", "demo"),
            tests=("test_models", "test_store"),
        )
        names = (
            *_names(package, "errors", "class", "ModelError", "InvalidValue", "NotFound", "Conflict"),
            *_names(package, "record", "class", "Record", "Rule"),
            *_names(package, "models", "class", *_classes(context)),
            *_names(package, "repository", "class", "Repository"),
            *_names(package, "store", "class", "Store"),
            *_names(package, "demo", "function", "fill", "demo"),
        )
        return context, files, names, _first_record(context)


_Names = tuple[PublicName, ...]
_TASKS = (
    Task(id="config", kind="config", title="Manifest and tool settings"),
    Task(id="core", kind="code", title="Types, rules and errors", complexity="medium"),
    Task(id="code", kind="code", title="Public functions and demo", complexity="medium", depends_on=("core",)),
    Task(id="tests", kind="test", title="Tests", depends_on=("code", "config")),
    Task(id="docs", kind="docs", title="README", depends_on=("code",)),
    Task(id="deployment", kind="deployment", title="Container image and CI", depends_on=("config",)),
)


def _names(package: str, module: str, kind: str, *names: str) -> _Names:
    return tuple(
        PublicName.model_validate({"file": f"src/{package}/{module}.py", "name": n, "kind": kind}) for n in names
    )


def _parts(
    package: str, flavour: str, *, core: tuple[str, ...], code: tuple[str, ...], tests: tuple[str, ...]
) -> tuple[Part, ...]:
    """Files whose templates carry the module's name."""
    root = f"src/{package}"
    return (
        *(Part(f"{root}/{m}.py", "core", f"{flavour}/{m}.py.j2", m.replace("_", " ")) for m in core),
        *(Part(f"{root}/{m}.py", "code", f"{flavour}/{m}.py.j2", m.replace("_", " ")) for m in code),
        Part(f"{root}/__init__.py", "code", f"{flavour}/init.py.j2", "public names"),
        *(Part(f"tests/{m}.py", "tests", f"{flavour}/tests/{m}.py.j2", "tests") for m in tests),
        Part("README.md", "docs", f"{flavour}/README.md.j2", "how to install, use and test"),
    )


@dataclass(frozen=True)
class _Example:
    """A conversion with its exact result (as Python writes it) and its rounded one."""

    source: units.UnitRow
    target: units.UnitRow
    value: str
    name: str = ""
    """Of the function that does it, where there is one."""

    @property
    def result(self) -> Fraction:
        return units.converted(Fraction(self.value), self.source, self.target)

    @property
    def fraction(self) -> str:
        return repr(self.result)

    @property
    def short(self) -> str:
        return units.short(self.result)

    @property
    def shown(self) -> str:
        return f"{self.value} {self.source.symbol} = {self.short} {self.target.symbol}"


def _units(wish: LibraryWish, package: str) -> tuple[dict[str, object], tuple[Part, ...], _Names, str]:
    families = [(f, units.FAMILIES[f]) for f in wish.families]
    examples = []
    for family, rows in families:
        first, second = (rows[1], rows[2]) if family == "temperature" else (rows[0], rows[-1])
        examples += [_Example(first, second, "100"), _Example(second, first, "2.5")]
    functions = []
    for name in wish.functions:
        found = units.split_function(name)
        if found is not None:
            functions.append(_Example(found[0], found[1], "100", name))
    errors = ["IncompatibleUnits", "InvalidQuantity", "UnitError", "UnknownUnit"]
    lines = [
        import_line(f"{package}.catalog", ["find_unit"]),
        import_line(f"{package}.convert", ["convert", "to_decimal"]),
        import_line(f"{package}.errors", errors),
        *([import_line(f"{package}.functions", wish.functions)] if functions else []),
        import_line(f"{package}.quantity", ["Quantity"]),
        import_line(f"{package}.unit", ["Unit"]),
    ]
    exports = [*errors, "Quantity", "Unit", "convert", "find_unit", "to_decimal", *wish.functions]
    context: dict[str, object] = {
        "families": families,
        "examples": examples,
        "example": examples[0],
        "functions": functions,
        "init_lines": lines,
        "exports": sorted(exports),
    }
    files = _parts(
        package,
        "units",
        core=("errors", "unit", "catalog"),
        code=("convert", "quantity", *(("functions",) if functions else ()), "demo"),
        tests=("test_convert", "test_quantity", *(("test_functions",) if functions else ()), "test_demo"),
    )
    names = (
        *_names(package, "errors", "class", *errors),
        *_names(package, "unit", "class", "Unit"),
        *_names(package, "catalog", "constant", "UNITS"),
        *_names(package, "catalog", "function", "find_unit"),
        *_names(package, "convert", "function", "convert", "to_decimal"),
        *_names(package, "functions", "function", *wish.functions),
        *_names(package, "quantity", "class", "Quantity"),
        *_names(package, "demo", "function", "demo"),
    )
    return context, files, names, "\n".join(e.shown for e in examples)


def _validators(wish: LibraryWish, package: str) -> tuple[dict[str, object], tuple[Part, ...], _Names, str]:
    rows = wish.validators
    aliases = []
    for name in wish.functions:
        found = split_function(name)
        if found is not None and found[1] != name:
            aliases.append((name, found[1]))
    modules = {
        "errors": ["InvalidValue"],
        "registry": ["VALIDATORS", "is_valid", "validate"],
        **{row.name: [f"is_{row.name}", f"validate_{row.name}"] for row in rows},
    }
    registry = {"errors": ["accepts"], **{row.name: [f"validate_{row.name}"] for row in rows}}
    standard = [name for names in modules.values() for name in names]
    context: dict[str, object] = {
        "validators": rows,
        "checked": [(row.name, row.valid[0][1]) for row in rows if row.checked],
        "aliases": sorted(aliases),
        "init_lines": [import_line(f"{package}.{m}", modules[m]) for m in sorted(modules)],
        "registry_lines": [import_line(f"{package}.{m}", registry[m]) for m in sorted(registry)],
        "exports": sorted([*standard, *(alias for alias, _ in aliases)]),
    }
    root = f"src/{package}"
    files = (
        *_parts(
            package,
            "validators",
            core=("errors",),
            code=("registry", "demo"),
            tests=("test_examples", "test_properties", "test_demo"),
        ),
        *(Part(f"{root}/{r.name}.py", "core", f"validators/kinds/{r.name}.py.j2", r.title) for r in rows),
    )
    names = (
        *_names(package, "errors", "class", "InvalidValue"),
        *(n for r in rows for n in _names(package, r.name, "function", f"is_{r.name}", f"validate_{r.name}")),
        *_names(package, "registry", "constant", "VALIDATORS"),
        *_names(package, "registry", "function", "validate", "is_valid"),
        *_names(package, "__init__", "constant", *(alias for alias, _ in aliases)),
        *_names(package, "demo", "function", "demo"),
    )
    return context, files, names, "\n".join(line for r in rows for line in _demo_lines(r))


def _demo_lines(row: ValidatorRow) -> tuple[str, str]:
    text, canonical = row.valid[0]
    return f"{row.name}: {text} -> {canonical}", f"{row.name}: {row.invalid[0]} -> refused"


def _classes(context: dict[str, object]) -> list[str]:
    tables = context["tables"]
    return [str(t["cls"]) for t in tables] if isinstance(tables, list) else []


def _first_record(context: dict[str, object]) -> str:
    """The head of the demo's JSON: the first table and its first id."""
    tables = context["tables"]
    plural = tables[0]["plural"] if isinstance(tables, list) else ""
    return f'{{\n  "{plural}": [\n    {{\n      "id": 1,'
