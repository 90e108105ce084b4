from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from qlp.capsule import CapsuleContents
from qlp.capsule.dependencies import find_dependencies
from qlp.capsule.sbom import build_sbom
from qlp.models import SourceFile
from qlp.models.capsule import ToolVersion

pytestmark = pytest.mark.unit

PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
[project]
name = "x"
dependencies = ["httpx==0.28.1", "My_Package[extra]>=1 ; python_version < '3.13'", "tool @ https://example.org/t.zip"]
[project.optional-dependencies]
fast = ["uvloop==0.21.0"]
dev = ["pytest"]
[dependency-groups]
lint = ["ruff==0.14.*", {include-group = "other"}]
"""
PACKAGE = json.dumps(
    {
        "name": "x",
        "dependencies": {"express": "^4.21.0", "@types/node": "18.19.0"},
        "devDependencies": {"typescript": "5.9.2"},
    }
)
GO_MOD = """module example.org/shop

go 1.19

require github.com/google/uuid v1.6.0

require (
\tgolang.org/x/text v0.14.0 // indirect
)

replace golang.org/x/text => ../text
"""


def sbom_of(*files: SourceFile, tools: tuple[ToolVersion, ...] = ()) -> dict[str, Any]:
    data = build_sbom(
        project="shop",
        files=files,
        tools=tools,
        qlp_version="0.1.0",
        content_digest="abc",
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )
    problems = JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode())
    assert problems is None, problems
    loaded: dict[str, Any] = json.loads(data)
    return loaded


def found(path: str, content: str) -> set[tuple[str, str | None, str]]:
    return {(d.name, d.version, d.scope) for d in find_dependencies([SourceFile(path=path, content=content)]).found}


def test_requirements() -> None:
    text = (
        "# comment\n-r base.txt\n--no-index\n\nFastAPI==0.110.0 --hash=sha256:00 \\\n  --hash=sha256:11\n"
        "pydantic[email]>=2,<3  # models\nurllib3\n"
    )
    required = {("fastapi", "0.110.0", "required"), ("pydantic", None, "required"), ("urllib3", None, "required")}
    assert found("requirements.txt", text) == required
    assert found("services/a/requirements-dev.txt", "pytest==8.4.2\n") == {("pytest", "8.4.2", "excluded")}


def test_pyproject() -> None:
    assert found("pyproject.toml", PYPROJECT) == {
        ("setuptools", None, "excluded"),
        ("httpx", "0.28.1", "required"),
        ("my-package", None, "required"),
        ("tool", None, "required"),
        ("uvloop", "0.21.0", "optional"),
        ("pytest", None, "excluded"),
        ("ruff", None, "excluded"),
    }


def test_package_json_and_go_mod() -> None:
    assert found("web/package.json", PACKAGE) == {
        ("express", None, "required"),
        ("@types/node", "18.19.0", "required"),
        ("typescript", "5.9.2", "excluded"),
    }
    assert found("go.mod", GO_MOD) == {
        ("github.com/google/uuid", "v1.6.0", "required"),
        ("golang.org/x/text", "v0.14.0", "required"),
    }


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("requirements.txt", "this is not a requirement\n"),
        ("pyproject.toml", "[project\n"),
        ("pyproject.toml", "[project]\ndependencies = 3\n"),
        ("pyproject.toml", "project = 1\n"),
        ("package.json", "{"),
        ("package.json", "[]"),
        ("package.json", '{"dependencies": {"a": 1}}'),
        ("package.json", '{"dependencies": "express"}'),
        ("package.json", "[" * 100_000),
        ("go.mod", "require (\n  what is this\n)\n"),
    ],
)
def test_a_broken_manifest_is_named_in_the_sbom(path: str, content: str) -> None:
    sbom = sbom_of(SourceFile(path=path, content=content))
    properties = sbom["metadata"]["component"]["properties"]
    assert [p["name"] for p in properties] == ["qlp:unread"]
    assert properties[0]["value"].startswith(f"{path}: ")


def test_components_have_a_purl_where_the_version_is_known() -> None:
    sbom = sbom_of(
        SourceFile(path="pyproject.toml", content=PYPROJECT),
        SourceFile(path="web/package.json", content=PACKAGE),
        SourceFile(path="go.mod", content=GO_MOD),
    )
    purls = {c["name"]: c.get("purl") for c in sbom["components"]}
    assert purls["httpx"] == "pkg:pypi/httpx@0.28.1"
    assert purls["node"] == "pkg:npm/%40types/node@18.19.0"
    assert purls["uuid"] == "pkg:golang/github.com/google/uuid@v1.6.0"
    assert purls["express"] is None
    express = next(c for c in sbom["components"] if c["name"] == "express")
    assert "version" not in express
    assert {"name": "qlp:requirement", "value": "^4.21.0"} in express["properties"]
    depends = next(d for d in sbom["dependencies"] if d["ref"] == "project")["dependsOn"]
    assert len(depends) == len(sbom["components"]) == 12


def test_one_package_of_two_manifests_is_one_component() -> None:
    sbom = sbom_of(
        SourceFile(path="a/requirements.txt", content="httpx==0.28.1\n"),
        SourceFile(path="b/requirements-dev.txt", content="httpx==0.28.1\nruff\n"),
    )
    assert [(c["name"], c["scope"]) for c in sbom["components"]] == [("httpx", "required"), ("ruff", "excluded")]


def test_the_toolchain_is_that_of_the_evidence() -> None:
    tools = tuple(ToolVersion(tool=t, version=v) for t, v in (("python", "3.11.7"), ("node", "18.19"), ("go", "1.19")))
    named = sbom_of(tools=tools)["metadata"]["tools"]["components"]
    versions = {t["name"]: t["version"] for t in named}
    assert versions == {"qlp": "0.1.0", "python": "3.11.7", "node": "18.19", "go": "1.19"}


def test_the_serial_number_follows_the_content(make_contents: Callable[..., CapsuleContents]) -> None:
    def serial(contents: CapsuleContents) -> str:
        data = contents.entries["sbom.cdx.json"].data
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode()) is None
        number: str = json.loads(data)["serialNumber"]
        return number

    first = serial(make_contents())
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", first)
    assert serial(make_contents(run_id="run_2")) == first


def test_the_project_and_a_project_without_dependencies() -> None:
    sbom = sbom_of(SourceFile(path="main.go", content="package main\n"))
    assert sbom["metadata"]["component"]["name"] == "shop"
    assert "components" not in sbom
    assert sbom["specVersion"] == "1.6"
