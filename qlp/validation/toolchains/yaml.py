"""YAML, and what is written in it: Kubernetes manifests, compose files, GitHub workflows. JSON and TOML syntax."""

from __future__ import annotations

import re
from collections.abc import Mapping

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.parsers.yamllint import yamllint
from qlp.validation.project import Project
from qlp.validation.toolchains._own import dotted, lintable, own_check, planned, versions
from qlp.validation.toolchains._support import support

_YAML = (".yaml", ".yml")
_DATA = (".json", ".jsonc", ".jsonl", ".ndjson", ".webmanifest", ".geojson", ".ipynb", ".toml")
_LOCKED = re.compile(r"(?:^|/)(?:package-lock|composer\.lock|npm-shrinkwrap)[^/]*$|(?:^|/)node_modules/")
_SHAPED = re.compile(r"(?:^|/)(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$|(?:^|/)\.github/workflows/[^/]+$")
_CONFIGS = (".yamllint", ".yamllint.yaml", ".yamllint.yml")


def _shaped(project: Project, path: str) -> bool:
    """Whether the file is of a kind whose fields are known here."""
    text = project.text.get(path, "")
    return bool(_SHAPED.search(path)) or ("apiVersion:" in text and "kind:" in text)


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = project.of(_YAML)
    data = tuple(p for p in project.of(_DATA) if not _LOCKED.search(p))
    if not sources and not data:
        return {}
    shaped = tuple(p for p in sources if _shaped(project, p))
    readable = lintable(project, sources)
    config = () if any(c in project.text for c in _CONFIGS) else ("-c", ".qlp/yamllint.yaml")
    lint = Command(argv=("yamllint", *config, "--format", "parsable", "--"), wall_s=60)
    nothing = Skip("no manifest of a known kind is among the files", applicable=False)
    plans: dict[Stage, StagePlan] = {
        "syntax": (own_check("data_syntax.py", "syntax", (*sources, *data), tool="pyyaml" if sources else "python"),),
        "style": (Check("yamllint", lint, yamllint, paths=dotted(readable)),) if readable else (),
    }
    if sources:
        plans["types"] = (own_check("manifests.py", "types", shaped),) if shaped else nothing
        plans["security"] = (own_check("manifests.py", "security", shaped),) if shaped else nothing
        plans["tests"] = Skip("data has no tests", applicable=False)
    return planned(plans)


_VERSIONS = """
import importlib.metadata as m, platform
print("python", platform.python_version())
for name in ("pyyaml", "yamllint"): print(name, m.version(name))
"""

YAML = Toolchain(
    name="yaml",
    profile="analysis",
    languages=("yaml",),
    plan=_plan,
    versions=versions(f"python3 -c '{_VERSIONS}'", "manifests.py"),
    support=support(
        "qlp_report.py", "qlp_yaml.py", "qlp_k8s.py", "qlp_k8s_security.py", "qlp_compose.py", "manifests.py",
        "data_syntax.py", "k8s_schema.json", "yamllint.yaml",
    ),
    trees={".yaml": "yaml", ".yml": "yaml"},
)  # fmt: skip
