"""The blueprint `python-cli`: what it serves, its plan and its files."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from qlp.blueprints.protocol import Match
from qlp.blueprints.python_cli.samples import sample_rows
from qlp.blueprints.python_cli.tables import Table, Take, UnservableModel, tables_of, takes_of
from qlp.blueprints.python_cli.tour import Samples, expected_list, tour_lines
from qlp.blueprints.python_cli.verbs import CommandSet, command_set
from qlp.blueprints.python_library.layout import (
    Layout,
    Part,
    install_command,
    one_line,
    package_name,
    plan_of,
    project_name,
    render_task,
    request_words,
    standard_parts,
    test_command,
)
from qlp.blueprints.python_library.scoring import basics_missing, field_words, scored, unserved_words
from qlp.errors import PlanError
from qlp.models import Analysis, Plan, ProjectCommand, PublicName, SourceFile, Task

HOME = "qlp.blueprints.python_cli"
FRAMEWORKS = frozenset({"argparse", "sqlite", "sqlite3", "stdlib"})
# Groups of features of which the tool does some: the table below says which words of them it does not do.
SERVED_GROUPS = frozenset({"full text search", "filtering and sorting", "documents and exports"})
# What a request for a tool may also name, and what this tool does not do.
UNSERVED = {
    "encrypt": "encryption",
    "encrypted": "encryption",
    "password": "passwords",
    "passwords": "passwords",
    "sync": "synchronisation",
    "synchronise": "synchronisation",
    "cloud": "cloud storage",
    "remind": "reminders",
    "reminder": "reminders",
    "reminders": "reminders",
    "notify": "notifications",
    "notification": "notifications",
    "notifications": "notifications",
    "recurring": "recurring entries",
    "gui": "a graphical interface",
    "tui": "a full-screen interface",
    "curses": "a full-screen interface",
    "interactive": "interactive mode",
    "chart": "charts",
    "charts": "charts",
    "plot": "charts",
    "graph": "charts",
    "undo": "undo",
    "scrape": "web scraping",
    "scraper": "web scraping",
    "download": "downloads",
    "downloads": "downloads",
    "crawl": "web scraping",
    "pdf": "PDF",
    "excel": "Excel files",
    "xlsx": "Excel files",
    "xml": "XML",
    "spreadsheet": "Excel files",
    "word": "Word files",
    "docx": "Word files",
    "barcode": "bar codes",
    "barcodes": "bar codes",
    "qr": "QR codes",
    "fuzzy": "fuzzy search",
    "autocomplete": "autocompletion",
    "completion": "autocompletion",
    "tax": "taxes",
    "taxes": "taxes",
    "discount": "discounts",
    "interest": "interest",
    "ranking": "rankings",
    "leaderboard": "rankings",
    "approve": "approvals",
    "approval": "approvals",
    "transfer": "transfers",
    "budget": "budgets",
    "yaml": "YAML",
    "postgres": "PostgreSQL",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mongodb": "MongoDB",
    "redis": "Redis",
}


@dataclass(frozen=True)
class _Model:
    tables: tuple[Table, ...]
    takes: tuple[Take, ...]
    commands: CommandSet
    samples: Samples


class PythonCli:
    """A command-line tool that keeps the request's entities in a SQLite file."""

    name = "python-cli"
    version = "1"
    title = "Command-line tool in Python (argparse, SQLite): add, list, update, remove, totals, import and export"
    example = (
        "Build a command line tool in Python to track expenses with amount, category, date and an optional note: "
        "add, list, delete, total by category, export to CSV"
    )

    def match(self, analysis: Analysis) -> Match:
        spec = analysis.spec
        words = request_words(analysis)
        missing = basics_missing(analysis, FRAMEWORKS, served=SERVED_GROUPS)
        reasons = []
        if not spec.entities:
            missing += ["nothing to keep: the request names no entity with fields", "commands without entries"]
        else:
            try:
                model = self._model(analysis)
            except UnservableModel as error:
                missing.append(str(error))
            else:
                missing += model.commands.missing
                reasons.append(f"keeps {', '.join(t.plural for t in model.tables)}")
                names = [c.name for c in model.commands.commands[model.tables[0].name]]
                reasons.append(f"commands {', '.join(names)}")
        known = field_words(spec) | {e.snake for e in spec.entities} | {e.plural for e in spec.entities}
        known |= set(spec.commands)
        missing += unserved_words(words, UNSERVED, known)
        return scored(self.name, analysis, "cli", reasons, missing)

    def plan(self, analysis: Analysis) -> Plan:
        return plan_of(self._layout(analysis))

    def render(self, analysis: Analysis, plan: Plan, task_id: str) -> tuple[SourceFile, ...]:
        return render_task(self._layout(analysis), task_id)

    def _model(self, analysis: Analysis) -> _Model:
        spec = analysis.spec
        tables, takes = takes_of(spec, tables_of(spec))
        commands = command_set(tables, spec.commands, request_words(analysis))
        tables = commands.tables
        quantities = {t.name: frozenset(k.quantity for k in takes if k.source == t.name) for t in tables}
        samples = {t.plural: sample_rows(t, small=quantities[t.name]) for t in tables}
        levels = {(k.target_table, k.field) for k in takes}
        for plural, column in levels:
            for index, row in enumerate(samples[plural]):
                row[column] = str(12 + index)
        return _Model(tables, takes, commands, samples)

    def _layout(self, analysis: Analysis) -> Layout:
        spec = analysis.spec
        try:
            model = self._model(analysis)
        except UnservableModel as error:
            raise PlanError(f"{self.name} cannot make this project: {error}") from error
        if not model.tables:
            raise PlanError(f"{self.name} needs at least one entity")
        package, project = package_name(spec.name), project_name(spec.name)
        commands = model.commands.commands
        lines = tour_lines(model.tables, model.takes, commands, model.samples)
        takes = {t.name: [k for k in model.takes if k.source == t.name] for t in model.tables}
        context: dict[str, object] = {
            "pkg": package,
            "project": project,
            "headline": one_line(spec.summary),
            "summary": one_line(spec.summary, 200),
            "script": f"{package}.cli:main",
            "typed": False,
            "for_cli": True,
            "tables": model.tables,
            "many": len(model.tables) > 1,
            "commands": commands,
            "takes": takes,
            "takes_any": bool(model.takes),
            "uses_decimal": any(c.minimum is not None for t in model.tables for c in t.columns),
            "samples": model.samples,
            "tour": lines,
            "tour_shell": [shlex.join(line) for line in lines],
            "listing": expected_list(model.tables, model.takes, commands, model.samples),
            "env_db": f"{package.upper()}_DB",
            "docker_lines": [
                "RUN mkdir -p /home/app/data",
                f"ENV {package.upper()}_DB=/home/app/data/{project}.db",
                "VOLUME /home/app/data",
                f'ENTRYPOINT ["{project}"]',
            ],
        }
        return Layout(
            generator=f"{self.name}@{self.version}",
            project=project,
            kind="cli",
            parts=(*_source_parts(package), *_test_parts(), *standard_parts(package, src=False)),
            tasks=_TASKS,
            names=tuple(replace_file(n, package) for n in _NAMES),
            commands=(
                install_command(),
                test_command(),
                ProjectCommand(
                    purpose="run",
                    argv=("python3", "-m", f"{package}.tour"),
                    expect_stdout=str(context["listing"]),
                ),
            ),
            context=context,
            notes="Exit codes: 0 done, 1 not found or conflict, 2 usage. Standard library only at run time.",
            assumptions=tuple(model.commands.assumptions),
        )


def replace_file(name: PublicName, package: str) -> PublicName:
    """The same public name inside this project's package."""
    return name.model_copy(update={"file": f"{package}/{name.file}"})


_TASKS = (
    Task(id="config", kind="config", title="Manifest and tool settings"),
    Task(id="core", kind="code", title="Typed fields, schema and errors", complexity="medium"),
    Task(id="store", kind="code", title="SQLite store, figures, import and export", depends_on=("core",)),
    Task(id="cli", kind="code", title="Command line and tour", complexity="medium", depends_on=("store",)),
    Task(id="tests", kind="test", title="Tests", complexity="medium", depends_on=("cli", "config")),
    Task(id="docs", kind="docs", title="README", depends_on=("cli",)),
    Task(id="deployment", kind="deployment", title="Container image and CI", depends_on=("config",)),
)

_NAMES = (
    PublicName(file="errors.py", name="AppError", kind="class"),
    PublicName(file="errors.py", name="InvalidValue", kind="class"),
    PublicName(file="errors.py", name="NotFound", kind="class"),
    PublicName(file="errors.py", name="Conflict", kind="class"),
    PublicName(file="fields.py", name="Field", kind="class"),
    PublicName(file="fields.py", name="parse", signature="(field: Field, text: str) -> Value"),
    PublicName(file="fields.py", name="to_text", signature="(value: Value) -> str"),
    PublicName(file="schema.py", name="Entity", kind="class"),
    PublicName(file="schema.py", name="ENTITIES", kind="constant"),
    PublicName(file="store.py", name="Store", kind="class", signature="(path: str)"),
    PublicName(file="reports.py", name="summarise"),
    PublicName(file="transfer.py", name="dump_csv"),
    PublicName(file="transfer.py", name="dump_json"),
    PublicName(file="transfer.py", name="load"),
    PublicName(file="output.py", name="table"),
    PublicName(file="actions.py", name="run"),
    PublicName(file="cli.py", name="main", signature="(argv: Sequence[str] | None = None) -> int"),
    PublicName(file="samples.py", name="SAMPLES", kind="constant"),
    PublicName(file="tour.py", name="tour", signature="() -> int"),
)


def _source_parts(package: str) -> tuple[Part, ...]:
    table = (
        ("__init__.py", "core", "init.py.j2", "version"),
        ("errors.py", "core", "errors.py.j2", "errors and their exit codes"),
        ("fields.py", "core", "fields.py.j2", "typed fields: text, value, column"),
        ("schema.py", "core", "schema.py.j2", "entities, commands and SQL as data"),
        ("samples.py", "core", "samples.py.j2", "example entries"),
        ("store.py", "store", "store.py.j2", "SQLite store"),
        ("reports.py", "store", "reports.py.j2", "figures over entries"),
        ("transfer.py", "store", "transfer.py.j2", "CSV and JSON, out and in"),
        ("output.py", "cli", "output.py.j2", "tables for people"),
        ("actions.py", "cli", "actions.py.j2", "what each command does"),
        ("cli.py", "cli", "cli.py.j2", "arguments and exit codes"),
        ("tour.py", "cli", "tour.py.j2", "a tour that shows the tool at work"),
        ("__main__.py", "cli", "main.py.j2", "python -m entry point"),
    )
    files = tuple(Part(f"{package}/{path}", task, template, why, HOME) for path, task, template, why in table)
    return (*files, Part("README.md", "docs", "README.md.j2", "how to install, run and test", HOME))


def _test_parts() -> tuple[Part, ...]:
    names = ("conftest", "driver", "test_fields", "test_store", "test_transfer", "test_reports", "test_cli")
    package = Part("tests/__init__.py", "tests", "tests/init.py.j2", "marks the tests as a package", HOME)
    return (package, *(Part(f"tests/{n}.py", "tests", f"tests/{n}.py.j2", "tests", HOME) for n in names))
