"""Runs in the sandbox: `terraform_check.py syntax|style|types|security` over .tf, .tfvars and .hcl files."""

from __future__ import annotations

import sys

import qlp_hcl  # type: ignore[import-not-found]
import qlp_terraform  # type: ignore[import-not-found]
import qlp_terraform_security  # type: ignore[import-not-found]
from qlp_report import Report, texts, too_deep  # type: ignore[import-not-found]

_LIMIT = 2_000_000


def main(mode: str) -> int:
    report = Report()
    files = []
    for path, text in texts(report, quiet=mode != "syntax", limit=_LIMIT):
        if line := too_deep(text):
            if mode == "syntax":
                report.add("too-deep", "high", "nested too deeply to be checked", path, line)
            continue
        root, problems = qlp_hcl.read(text)
        if mode == "syntax":
            for problem in problems:
                report.add("syntax-error", "critical", problem.message, path, problem.line, problem.column)
        elif not problems and path.endswith(".tf"):
            files.append((path, root))
    if mode == "types":
        qlp_terraform.Types(report, files).run()
    elif mode == "style":
        qlp_terraform.style(report, files)
    elif mode == "security":
        for path, root in files:
            qlp_terraform_security.check(report, path, root)
    report.emit()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
