"""SQL: sqlfluff by dialect and SQLite itself, in memory. A file's dialect is in a `-- dialect: postgres` comment, in
its name, or in its words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from qlp.models import Stage
from qlp.validation.check import Skip, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.toolchains._own import lintable, own_check, planned, versions
from qlp.validation.toolchains._support import support

_TABLE = re.compile(r"\bCREATE\s+(?:TEMP\w*\s+)?(?:TABLE|VIEW)\b", re.I)
_VERSIONS = """
import importlib.metadata as m, sqlite3
print("sqlfluff", m.version("sqlfluff")); print("sqlite", sqlite3.sqlite_version)
"""


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = project.of((".sql",))
    if not sources:
        return {}
    program = "sql_check.py"
    types: StagePlan = Skip("no table is created here that names could be checked against", applicable=False)
    if any(_TABLE.search(project.text.get(p, "")) for p in sources):
        types = (own_check(program, "types", sources, tool="sqlite"),)
    return planned(
        {
            "syntax": (own_check(program, "syntax", sources, tool="sqlfluff", wall_s=120),),
            "style": (own_check(program, "style", lintable(project, sources), tool="sqlfluff", wall_s=120),),
            "types": types,
            "tests": Skip("SQL files have no tests of their own", applicable=False),
        }
    )


SQL = Toolchain(
    name="sql",
    profile="analysis",
    languages=("sql",),
    plan=_plan,
    versions=versions(f"python3 -c '{_VERSIONS}'"),
    support=support("qlp_report.py", "sql_check.py"),
    trees={".sql": "sql"},
)
