"""The blueprint `data-pipeline`: what it serves, its plan and its files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qlp.blueprints.data_pipeline.reports import Report, Wishes, wishes_of
from qlp.blueprints.data_pipeline.sample import GOOD, bad_value, csv_file, expected_report, jsonl_file
from qlp.blueprints.protocol import Match
from qlp.blueprints.python_cli.tables import Column, Table, UnservableModel, columns_of, identifier
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
from qlp.models import Analysis, Entity, Plan, ProjectCommand, ProjectSpec, PublicName, SourceFile, Task

HOME = "qlp.blueprints.data_pipeline"
CLI = "qlp.blueprints.python_cli"
FRAMEWORKS = frozenset({"argparse", "sqlite", "sqlite3", "csv", "json", "stdlib"})
_STORAGE = {"int": "INTEGER", "decimal": "INTEGER", "bool": "INTEGER", "float": "REAL"}
_KEY_NAMES = ("id", "uuid", "sku", "code", "number", "reference")
# Groups of features of which the pipeline does some: the table below says which words of them it does not do.
SERVED_GROUPS = frozenset({"documents and exports"})
# What a request for a pipeline may also name, and what this pipeline does not do.
UNSERVED = {
    "airflow": "Airflow",
    "dagster": "Dagster",
    "spark": "Spark",
    "kafka": "Kafka",
    "pandas": "pandas",
    "polars": "polars",
    "duckdb": "DuckDB",
    "parquet": "Parquet",
    "avro": "Avro",
    "excel": "Excel files",
    "xlsx": "Excel files",
    "xml": "XML",
    "spreadsheet": "Excel files",
    "docx": "Word files",
    "yaml": "YAML",
    "pdf": "PDF",
    "html": "HTML reports",
    "chart": "charts",
    "charts": "charts",
    "plot": "charts",
    "graph": "charts",
    "dashboard": "a dashboard",
    "median": "medians",
    "percentile": "percentiles",
    "percentiles": "percentiles",
    "forecast": "forecasts",
    "predict": "predictions",
    "prediction": "predictions",
    "ranking": "rankings",
    "top": "rankings",
    "join": "joins of several inputs",
    "merge": "joins of several inputs",
    "tax": "taxes",
    "discount": "discounts",
    "convert": "conversions",
    "translate": "translations",
    "anomaly": "anomaly detection",
    "anomalies": "anomaly detection",
    "schedule": "scheduling",
    "scheduled": "scheduling",
    "cron": "scheduling",
    "realtime": "real-time processing",
    "hourly": "figures per hour",
    "weekly": "figures per week",
    "week": "figures per week",
    "postgres": "PostgreSQL",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mongodb": "MongoDB",
    "bigquery": "BigQuery",
    "snowflake": "Snowflake",
    "s3": "S3",
    "ftp": "FTP",
    "scrape": "web scraping",
    "download": "downloads",
    "geocode": "geocoding",
    "enrich": "enrichment from other sources",
    "encrypt": "encryption",
    "anonymise": "anonymisation",
    "anonymize": "anonymisation",
}


@dataclass(frozen=True)
class _Model:
    table: Table
    key: str
    wishes: Wishes
    form: str
    assumptions: tuple[str, ...]


class DataPipeline:
    """CSV or JSON in, typed and checked rows in SQLite, a report of figures out."""

    name = "data-pipeline"
    version = "1"
    title = "Data pipeline in Python: CSV or JSON in, checked rows in SQLite, rejects with reasons, report of totals"
    example = (
        "Build a data pipeline in Python that loads a CSV of sales with customer, region, amount and date into SQLite "
        "and reports total amount per customer and average amount by region"
    )

    def match(self, analysis: Analysis) -> Match:
        spec = analysis.spec
        missing = basics_missing(analysis, FRAMEWORKS, served=SERVED_GROUPS)
        reasons = []
        if not spec.entities:
            missing += ["nothing to load: the request names no record with fields", "a report without records"]
        else:
            try:
                model = self._model(analysis)
            except UnservableModel as error:
                missing.append(str(error))
            else:
                missing += [*model.wishes.missing, *_other_records(spec, model.table)]
                reasons.append(f"loads {model.table.plural} from {model.form.upper()}")
                reasons += [f"reports {r.title}" for r in model.wishes.reports]
        if spec.rules:
            missing.append("rules between records")
        missing += unserved_words(request_words(analysis), UNSERVED, field_words(spec))
        return scored(self.name, analysis, "data_pipeline", reasons, missing)

    def plan(self, analysis: Analysis) -> Plan:
        return plan_of(self._layout(analysis))

    def render(self, analysis: Analysis, plan: Plan, task_id: str) -> tuple[SourceFile, ...]:
        return render_task(self._layout(analysis), task_id)

    def _model(self, analysis: Analysis) -> _Model:
        spec = analysis.spec
        entity = main_record(spec)
        columns = columns_of(entity, {e.name: identifier(e.plural) for e in spec.entities}, keep_id=True)
        if not columns:
            raise UnservableModel(f"{entity.name} has no fields")
        if not any(c.required for c in columns):
            columns = (replace(columns[0], required=True), *columns[1:])
        table = Table(name=identifier(entity.snake), plural=identifier(entity.plural), columns=columns)
        key = _key(columns)
        table = replace(table, columns=tuple(replace(c, unique=c.unique or c.name == key) for c in columns))
        wishes = wishes_of(table, spec.commands, request_words(analysis))
        assumed = f"a row is known by its {key}" if key else "a row is known by its whole content; equal rows all count"
        return _Model(table, key, wishes, spec.input_format or "csv", (assumed, *wishes.assumptions))

    def _layout(self, analysis: Analysis) -> Layout:
        spec = analysis.spec
        if not spec.entities:
            raise PlanError(f"{self.name} needs a record with fields")
        try:
            model = self._model(analysis)
        except UnservableModel as error:
            raise PlanError(f"{self.name} cannot make this project: {error}") from error
        table, reports = model.table, model.wishes.reports
        package, project = package_name(spec.name), project_name(spec.name)
        sample_name = f"{table.plural}.{'csv' if model.form == 'csv' else 'jsonl'}"
        report = "\n\n".join(expected_report(table, r) for r in reports)
        bad_name, bad_text = bad_value(table)
        context: dict[str, object] = {
            "pkg": package,
            "project": project,
            "headline": one_line(spec.summary),
            "summary": one_line(spec.summary, 200),
            "script": f"{package}.cli:main",
            "typed": False,
            "for_cli": False,
            "table": table,
            "key": model.key,
            "storage": _STORAGE,
            "reports": [_described(table, r) for r in reports],
            "uses_decimal": any(c.minimum is not None for c in table.columns),
            "form": model.form,
            "sample_name": sample_name,
            "sample": csv_file(table) if model.form == "csv" else jsonl_file(table),
            "unique_names": ", ".join(f'"{c.name}"' for c in table.columns if c.unique),
            "bad_name": bad_name,
            "bad_text": bad_text,
            # The second bad row is the last line; a CSV file has a header before its rows.
            "bad_lines": (7, GOOD + 3) if model.form == "csv" else (6, GOOD + 2),
            "summary_line": f"{GOOD + 2} rows: {GOOD} accepted ({GOOD} new, 0 changed, 0 unchanged), 2 rejected",
            "expected": report,
            "ignored": ["*.rejects.csv"],
            "docker_lines": [f'ENTRYPOINT ["{project}"]', 'CMD ["--help"]'],
        }
        run = ("python3", "-m", package, "run", "--input", f"data/{sample_name}", "--db", f"build/{project}.db")
        return Layout(
            generator=f"{self.name}@{self.version}",
            project=project,
            kind="data_pipeline",
            parts=(*_source_parts(package, sample_name), *_test_parts(), *standard_parts(package, src=False)),
            tasks=_TASKS,
            names=tuple(n.model_copy(update={"file": f"{package}/{n.file}"}) for n in _NAMES),
            commands=(
                install_command(),
                test_command(),
                ProjectCommand(purpose="run", argv=run, expect_stdout=report),
            ),
            context=context,
            notes="Loading a file twice changes nothing. Exit codes: 0 done, 1 unusable input or database, 2 usage, "
            "3 rejects under --strict. Standard library only at run time.",
            assumptions=model.assumptions,
        )


def main_record(spec: ProjectSpec) -> Entity:
    """What one row of the input is: the entity that points to others, else the one with the most fields."""
    targets = {r.target for e in spec.entities for r in e.relations if r.target != e.name}
    free = [e for e in spec.entities if e.name not in targets] or list(spec.entities)
    return max(free, key=lambda e: (len(e.relations), len(e.fields)))


def _other_records(spec: ProjectSpec, table: Table) -> list[str]:
    """Records that would need a file of their own; a bare name (`customers`) is served as a reference."""
    main = main_record(spec)
    targets = {r.target for r in main.relations}
    others = [e for e in spec.entities if e is not main and (e.name not in targets or len(e.fields) > 1)]
    return [f"a second input for {e.plural.replace('_', ' ')}" for e in others]


def _key(columns: tuple[Column, ...]) -> str:
    unique = next((c.name for c in columns if c.unique and c.required), "")
    named = next((c.name for c in columns if c.name in _KEY_NAMES and c.required and not c.references), "")
    return unique or named


def _described(table: Table, report: Report) -> dict[str, object]:
    group, number = table.column(report.group), table.column(report.column)
    return {
        "title": report.title,
        "group": report.group,
        "group_kind": group.kind if group else "str",
        "column": report.column,
        "field_kind": number.kind if number else "int",
        "metrics": report.metrics,
        "sql": report.sql(table),
    }


_TASKS = (
    Task(id="config", kind="config", title="Manifest and tool settings"),
    Task(id="core", kind="code", title="Typed fields, schema and errors", complexity="medium"),
    Task(id="load", kind="code", title="Reader and loader", complexity="medium", depends_on=("core",)),
    Task(id="report", kind="code", title="Reports and command line", depends_on=("load",)),
    Task(id="tests", kind="test", title="Tests", complexity="medium", depends_on=("report", "config")),
    Task(id="docs", kind="docs", title="README", depends_on=("report",)),
    Task(id="deployment", kind="deployment", title="Container image and CI", depends_on=("config",)),
)

_NAMES = (
    PublicName(file="errors.py", name="PipelineError", kind="class"),
    PublicName(file="errors.py", name="InvalidValue", kind="class"),
    PublicName(file="fields.py", name="Field", kind="class"),
    PublicName(file="fields.py", name="parse", signature="(field: Field, text: str) -> Value"),
    PublicName(file="schema.py", name="FIELDS", kind="constant"),
    PublicName(file="schema.py", name="REPORTS", kind="constant"),
    PublicName(file="reader.py", name="Row", kind="class"),
    PublicName(file="reader.py", name="Reject", kind="class"),
    PublicName(file="reader.py", name="read"),
    PublicName(file="load.py", name="connect", signature="(path: str) -> sqlite3.Connection"),
    PublicName(file="load.py", name="load"),
    PublicName(file="output.py", name="table"),
    PublicName(file="report.py", name="compute"),
    PublicName(file="report.py", name="as_text"),
    PublicName(file="report.py", name="as_csv"),
    PublicName(file="report.py", name="as_json"),
    PublicName(file="cli.py", name="main", signature="(argv: Sequence[str] | None = None) -> int"),
)


def _source_parts(package: str, sample_name: str) -> tuple[Part, ...]:
    table = (
        ("__init__.py", "core", "init.py.j2", "version", CLI),
        ("errors.py", "core", "errors.py.j2", "errors and their exit codes", HOME),
        ("fields.py", "core", "fields.py.j2", "typed fields: text, value, column", CLI),
        ("schema.py", "core", "schema.py.j2", "fields, key, SQL and reports as data", HOME),
        ("reader.py", "load", "reader.py.j2", "rows out of CSV and JSON, streamed", HOME),
        ("load.py", "load", "load.py.j2", "rows into SQLite, idempotent", HOME),
        ("output.py", "report", "output.py.j2", "tables for people", CLI),
        ("report.py", "report", "report.py.j2", "figures as text, CSV and JSON", HOME),
        ("cli.py", "report", "cli.py.j2", "arguments and exit codes", HOME),
        ("__main__.py", "report", "main.py.j2", "python -m entry point", CLI),
    )
    files = tuple(Part(f"{package}/{path}", task, template, why, home) for path, task, template, why, home in table)
    return (
        *files,
        Part(f"data/{sample_name}", "load", "sample.j2", "sample input with two bad rows", HOME),
        Part("README.md", "docs", "README.md.j2", "how to install, run and test", HOME),
    )


def _test_parts() -> tuple[Part, ...]:
    names = ("conftest", "driver", "test_fields", "test_reader", "test_load", "test_report", "test_cli")
    package = Part("tests/__init__.py", "tests", "tests/init.py.j2", "marks the tests as a package", CLI)
    return (package, *(Part(f"tests/{n}.py", "tests", f"tests/{n}.py.j2", "tests", HOME) for n in names))
