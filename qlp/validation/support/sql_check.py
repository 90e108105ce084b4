"""Runs in the sandbox: `sql_check.py syntax|types|style` over SQL files named on standard input.

Syntax by sqlfluff in the file's dialect, and by SQLite itself, in memory, where that is the dialect or none is known: a
file is wrong only if nobody takes it. Types, for SQLite: the statements run in an empty database in memory, schema
first, so that names, constraints and counts are checked by the engine; they read and write nothing else.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator

from qlp_report import Report, texts  # type: ignore[import-not-found]

_LIMIT = 2_000_000
_NAMED = re.compile(r"^\s*--\s*(?:sqlfluff:)?dialect\s*[:=]\s*(\w+)", re.I | re.M)
_ALIASES = {
    "postgresql": "postgres",
    "pg": "postgres",
    "mssql": "tsql",
    "sqlserver": "tsql",
    "sqlite3": "sqlite",
    "mariadb": "mariadb",
}
_IN_PATH = re.compile(
    r"(?:^|[/._-])(postgres(?:ql)?|pg|mysql|mariadb|sqlite3?|mssql|sqlserver|tsql|oracle|bigquery|snowflake|redshift"
    r"|duckdb)(?=[/._-])",
    re.I,
)
_WORDS = {
    "postgres": (
        r"\$\$|\b(?:BIG|SMALL)?SERIAL\b|::\s*\w+|\bJSONB\b|\bTIMESTAMPTZ\b|\bILIKE\b|\bCREATE\s+EXTENSION\b"
        r"|\bDISTINCT\s+ON\b|\bUUID\b|gen_random_uuid|\bLANGUAGE\s+plpgsql\b|\bTEXT\[\]"
    ),
    "mysql": (
        r"\bAUTO_INCREMENT\b|\bENGINE\s*=|`\w+`|\bDELIMITER\b|\bUNSIGNED\b|\bON\s+UPDATE\s+CURRENT_TIMESTAMP\b"
        r"|\bTINYINT\(1\)"
    ),
    "tsql": r"^\s*GO\s*$|\bNVARCHAR\s*\(|\bIDENTITY\s*\(|\bDECLARE\s+@|\[dbo\]|\bSELECT\s+TOP\s*\(?\d",
    "oracle": r"\bVARCHAR2\b|\bNUMBER\s*\(\d|\bSYSDATE\b|\bFROM\s+DUAL\b|^\s*/\s*$",
    "sqlite": (
        r"\bAUTOINCREMENT\b|\bPRAGMA\b|\bWITHOUT\s+ROWID\b|\bSTRICT\s*;|\bINTEGER\s+PRIMARY\s+KEY\b|\bdatetime\('now'\)"
        r"|\bstrftime\("
    ),
}
"""Words that only one dialect has, in the order in which they are looked for."""
_CUES = tuple((name, re.compile(words, re.I | re.M)) for name, words in _WORDS.items())
_GUESSES = ("ansi", "postgres", "mysql", "tsql")
_PARSE_ERROR = re.compile(
    r"syntax error|incomplete input|unrecognized token|unterminated|parser stack overflow|Expression tree is too large",
    re.I,
)
_DOWN = re.compile(r"(?:^|[/._-])(?:down|rollback|undo|drop|teardown)(?=[/._-])", re.I)
_FIRST = re.compile(r"(?:^|[/._-])(?:schema|ddl|init|create|tables?|structure|migrations?|up|v?\d{1,14}_)", re.I)
_THEN = re.compile(r"(?:^|[/._-])(?:seeds?|data|fixtures?|inserts?|sample)", re.I)
_STEPS = 20_000_000
"""Virtual machine steps of one statement: an endless recursive query stops here."""
_DEFECTS = ("AL04", "AL08", "AM01", "AM07", "CV05", "ST03", "ST10")
"""sqlfluff's rules that find defects: names used twice, a distinct that does nothing, sets of different width,
a comparison with NULL by `=`, a query that is named and never used, a condition that is always the same."""
_HINTS = ("AM04", "AM08", "RF01", "RF02", "AL05", "ST01")


def dialect(path: str, text: str) -> str:
    """What the file says, its name, or its words; "" where nothing tells."""
    if m := _NAMED.search(text[:2000]):
        return _ALIASES.get(m[1].lower(), m[1].lower())
    if m := _IN_PATH.search(path):
        return _ALIASES.get(m[1].lower(), m[1].lower())
    bare = _blank(text)
    return next((name for name, cue in _CUES if cue.search(bare)), "")


def _blank(text: str) -> str:
    """Comments and strings as blanks; lines stay."""
    return re.sub(
        r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'",
        lambda m: re.sub(r"[^\n]", " ", m[0]) if not re.match(r"'now'", m[0]) else m[0],
        text,
        flags=re.S,
    )


def statements(text: str) -> Iterator[tuple[str, int]]:
    """(statement, line it begins on). Split as SQLite splits: triggers stay whole."""
    buffer, line, start = "", 1, 0
    for piece in re.split(r"(?<=;)", text):
        if not buffer.strip():
            start = line + len(piece[: len(piece) - len(piece.lstrip())].split("\n")) - 1
            lead = re.match(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*", piece, re.S)
            start = line + (lead[0].count("\n") if lead else 0)
        buffer += piece
        line += piece.count("\n")
        if sqlite3.complete_statement(buffer):
            if _blank(buffer).strip(" \t\r\n;"):
                yield buffer, start
            buffer = ""
    if _blank(buffer).strip(" \t\r\n;"):
        yield buffer, start


def _sqlite_problems(text: str) -> list[tuple[int, str]]:
    found = []
    connection = sqlite3.connect(":memory:")
    for statement, line in statements(text):
        if re.match(r"\s*\.", statement):
            continue  # a command of the shell `sqlite3`
        try:
            connection.execute("EXPLAIN " + _bare(statement))
        except sqlite3.ProgrammingError:
            pass  # parameters without values: it was read
        except sqlite3.Error as error:
            if _PARSE_ERROR.search(str(error)):
                found.append((_line_of(statement, line, str(error)), str(error)))
    connection.close()
    return found


def _bare(statement: str) -> str:
    """Without what stands before the first word: EXPLAIN takes no comments before it, and no EXPLAIN."""
    lead = re.match(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/|;)*", statement, re.S)
    rest = statement[lead.end() :] if lead else statement
    return re.sub(r"^EXPLAIN\s+(?:QUERY\s+PLAN\s+)?", "", rest, flags=re.I)


def _line_of(statement: str, start: int, message: str) -> int:
    """SQLite names the word that it stumbles over, not its place: the word's line if it is there once."""
    near = re.search(r'near "([^"]+)"', message)
    body = statement.lstrip()
    if near and len(hits := [m.start() for m in re.finditer(rf"(?<!\w){re.escape(near[1])}(?!\w)", body)]) == 1:
        lead = re.match(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*", body, re.S)
        skipped = body[: lead.end()].count("\n") if lead else 0
        return start + body[: hits[0]].count("\n") - skipped
    return start


def _fluff_problems(text: str, name: str) -> list[tuple[int, int, str]] | None:
    """None where sqlfluff has no such dialect."""
    from sqlfluff.core import FluffConfig, Linter  # type: ignore[import-not-found,unused-ignore]
    from sqlfluff.core.errors import SQLFluffUserError  # type: ignore[import-not-found,unused-ignore]

    try:
        linter = Linter(config=FluffConfig(overrides={"dialect": name, "large_file_skip_byte_limit": 0}))
    except (SQLFluffUserError, KeyError):
        return None
    try:
        parsed = linter.parse_string(text)
    except RecursionError:
        return [(1, 1, "nested too deeply to be checked")]
    return [(v.line_no, v.line_pos, v.desc().split(" Expected:")[0].split(": ", 1)[-1]) for v in parsed.violations]


def check_syntax(report: Report, path: str, text: str) -> None:
    if re.search(r"\{\{|\{%", text):
        report.add("template", "info", "a template, not checked as SQL", path)
        return
    name = dialect(path, text)
    if name in ("", "sqlite") and not (problems := _sqlite_problems(text)):
        return
    if name == "sqlite":
        for line, message in problems[:10]:
            report.add("syntax-error", "critical", message, path, line)
        return
    if text.count("(") > 50_000 or len(text) > 400_000:
        report.add("not-checked", "low", "too large for the parser of this dialect", path)
        return
    first: list[tuple[int, int, str]] | None = None
    for guess in (name,) if name else _GUESSES:
        found = _fluff_problems(text, guess)
        if found == []:
            return
        first = first or found
    if first is None:
        report.broken.append(f"{path}: sqlfluff has no dialect {name}")
    for line, column, message in (first or [])[:10]:
        report.add("syntax-error", "critical", message, path, line, column)


def check_style(report: Report, path: str, text: str) -> None:
    from sqlfluff.core import FluffConfig, Linter  # type: ignore[import-not-found,unused-ignore]
    from sqlfluff.core.errors import SQLFluffUserError  # type: ignore[import-not-found,unused-ignore]

    for statement, line in statements(text):
        bare = _blank(_bare(statement))
        if re.match(r"(?:DELETE\s+FROM|UPDATE)\s+[\w.\"`\[\]]+", bare, re.I) and not re.search(
            r"\b(?:WHERE|LIMIT|JOIN|USING|FROM\s+\w+\s*,)\b", bare, re.I
        ):
            report.add("no-where", "medium", "the statement changes every row of the table", path, line)
    if re.search(r"\{\{|\{%", text) or len(text) > 200_000:
        return
    name = dialect(path, text) or "ansi"
    try:
        linter = Linter(config=FluffConfig(overrides={"dialect": name, "rules": ",".join(_DEFECTS + _HINTS)}))
        linted = linter.lint_string(text, fname=path)
    except (SQLFluffUserError, KeyError, RecursionError):
        return
    for violation in linted.get_violations():
        code = violation.rule_code()
        if code in _DEFECTS + _HINTS:
            severity = "medium" if code in _DEFECTS else "info"
            report.add(code, severity, violation.desc(), path, violation.line_no, violation.line_pos)


class Engine:
    """One database in memory for all files."""

    def __init__(self, report: Report, created: dict[str, str]) -> None:
        self._report = report
        self._created = created
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.set_authorizer(self._allow)
        self._db.set_progress_handler(self._tick, 1_000_000)
        self._steps = 0
        self._db.execute("PRAGMA foreign_keys = ON")

    def _tick(self) -> int:
        self._steps += 1_000_000
        return int(self._steps > _STEPS)

    @staticmethod
    def _allow(action: int, one: str | None, two: str | None, db: str | None, via: str | None) -> int:
        return sqlite3.SQLITE_DENY if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH) else sqlite3.SQLITE_OK

    def run(self, path: str, text: str) -> None:
        own: set[str] = set()
        for statement, line in statements(text):
            if re.match(r"\s*\.", statement):
                continue
            made = re.match(
                r"CREATE\s+(?:TEMP\w*\s+)?(?:UNIQUE\s+)?(?:TABLE|VIEW|INDEX|TRIGGER)\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"`\[]?(\w+)",
                _bare(statement),
                re.I,
            )
            self._steps = 0
            try:
                self._execute(statement)
            except sqlite3.Error as error:
                self._tell(path, line, statement, str(error), bool(made and made[1].lower() in own))
            if made:
                own.add(made[1].lower())

    def _execute(self, statement: str) -> None:
        try:
            self._db.execute(statement).fetchmany(1000)
        except sqlite3.ProgrammingError as error:
            count = re.search(r"uses (\d+)", str(error))
            if not count and "parameter" not in str(error) and "binding" not in str(error).lower():
                raise
            self._db.execute("EXPLAIN " + _bare(statement), _Nulls() if not count else (None,) * int(count[1]))

    def _tell(self, path: str, line: int, statement: str, message: str, own: bool) -> None:
        missing = re.match(r"no such (?:table|view): (?:main\.)?(\w+)", message)
        if _PARSE_ERROR.search(message) or "not authorized" in message:
            return
        if "already exists" in message:
            if own:
                self._report.add("duplicate-object", "medium", message, path, line)
            return
        if message == "interrupted":
            self._report.add("endless", "low", "the statement was stopped after 20 million steps", path, line)
            return
        if missing and (missing[1].lower() in self._created or not self._created):
            return  # made later, or elsewhere
        rule, severity = "sql-error", "medium"
        if missing or "no such column" in message or "has no column named" in message:
            rule, severity = "unknown-name", "high"
        elif "no such function" in message or "no such collation" in message or "no such module" in message:
            rule, severity = "unknown-function", "medium"
        elif "constraint failed" in message or "mismatch" in message:
            rule = "constraint"
        elif re.search(r"values.*columns|columns.*values|number of (?:terms|result columns)", message):
            rule = "column-count"
        word = re.search(r"(?:column|table|function): (?:\w+\.)?(\w+)", message)
        if word:
            hits = [m.start() for m in re.finditer(rf"(?<!\w){word[1]}(?!\w)", statement)]
            body = statement[: len(statement) - len(statement.lstrip())]
            if len(hits) == 1:
                line += max(0, statement[: hits[0]].count("\n") - body.count("\n"))
        self._report.add(rule, severity, message, path, line)


class _Nulls(dict[str, None]):
    def __missing__(self, key: str) -> None:
        return None


def check_types(report: Report, files: list[tuple[str, str]]) -> None:
    mine = [
        (p, t) for p, t in files if dialect(p, t) in ("", "sqlite") and not _DOWN.search(p) and not _sqlite_problems(t)
    ]
    created = {
        m[1].lower(): p
        for p, t in mine
        for m in re.finditer(
            r"CREATE\s+(?:TEMP\w*\s+)?(?:VIRTUAL\s+)?(?:TABLE|VIEW)\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"`\[]?(\w+)",
            _blank(t),
            re.I,
        )
    }
    order = sorted(mine, key=lambda row: (0 if _FIRST.search(row[0]) else 1 if _THEN.search(row[0]) else 2, row[0]))
    if not any(_FIRST.search(p) for p, _ in mine):
        order = sorted(mine, key=lambda row: (row[0] not in created.values(), row[0]))
    engine = Engine(report, created)
    for path, text in order:
        engine.run(path, text)
    report.facts["sql_files_run"] = len(order)


def main(mode: str) -> int:
    report = Report()
    files = list(texts(report, quiet=mode != "syntax", limit=_LIMIT))
    if mode == "types":
        check_types(report, files)
    else:
        for path, text in files:
            (check_syntax if mode == "syntax" else check_style)(report, path, text)
    report.emit()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
