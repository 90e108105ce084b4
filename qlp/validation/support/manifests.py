"""Runs in the sandbox: Kubernetes manifests, compose files and GitHub workflows.

`manifests.py types|security`; paths on standard input as qlp_report.py says. What does not parse is the syntax stage's.
"""

from __future__ import annotations

import re
import sys

import qlp_compose  # type: ignore[import-not-found]
import qlp_k8s  # type: ignore[import-not-found]
import qlp_k8s_security  # type: ignore[import-not-found]
import qlp_yaml  # type: ignore[import-not-found]
from qlp_report import Report, is_fixture, texts  # type: ignore[import-not-found]

_PARTIAL = re.compile(r"(?:^|/)(?:overlays?|patch(?:es)?|components)/|patch[^/]*\.ya?ml$")


def main(mode: str) -> int:
    report = Report()
    found: list[qlp_k8s.Manifest] = []
    for path, text in texts(report, quiet=True):
        if is_fixture(path):
            continue
        try:
            documents = qlp_yaml.documents(text)
        except (qlp_yaml.Broken, qlp_yaml.TooMuch):
            continue
        roots = [d.root for d in documents if isinstance(d.root.value, dict)]
        for root in roots:
            items = root.get("items") if str(root.get("kind") and root.get("kind").value).endswith("List") else None
            for one in items.items() if items else [root]:
                if isinstance(one.value, dict) and (m := qlp_k8s.manifest(path, one, bool(_PARTIAL.search(path)))):
                    found.append(m)
        for pattern, checks in (
            (qlp_compose.COMPOSE, (qlp_compose.compose_types, qlp_compose.compose_security)),
            (qlp_compose.WORKFLOW, (qlp_compose.workflow_types, qlp_compose.workflow_security)),
        ):
            if pattern.search(path) and roots:
                checks[mode == "security"](report, path, roots[0])
    if mode == "types":
        types = qlp_k8s.Types(report)
        for m in found:
            types.shape(m)
            types.inside(m)
        types.together(found)
    else:
        for m in found:
            qlp_k8s_security.check(report, m)
    report.facts["manifests"] = len(found)
    report.emit()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
