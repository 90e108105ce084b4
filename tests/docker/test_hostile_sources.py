"""Files that nobody means well with, in every language of scripts and data: each checker says what is wrong with them
and none of them breaks.
"""

from __future__ import annotations

import pytest

from qlp.config import SandboxSettings, home
from qlp.errors import SandboxUnavailableError
from qlp.models import SourceFile
from qlp.sandbox import open_backend
from qlp.sandbox.protocol import SandboxBackend
from qlp.validation import infer_contract, validate_project

pytestmark = pytest.mark.docker

PROFILES = {
    "scripts": ("rb", "php", "pl", "lua", "sh"),
    "analysis": ("sql", "yaml", "json", "toml", "tf", "dockerfile", "kt", "xml"),
    "node": ("html", "css"),
}
DEEP = {
    "rb": "x = " + "[" * 50_000 + "]" * 50_000,
    "php": "<?php $x = " + "[" * 50_000 + "]" * 50_000 + ";",
    "pl": "my $x = " + "[" * 5_000 + "]" * 5_000 + ";",
    "lua": "local x = " + "{" * 50_000 + "}" * 50_000,
    "sh": "echo " + "$(" * 5_000 + ")" * 5_000,
    "sql": "SELECT " + "(" * 5_000 + "1" + ")" * 5_000 + ";",
    "yaml": "[" * 50_000 + "]" * 50_000,
    "json": "[" * 50_000 + "]" * 50_000,
    "toml": "x = " + "[" * 50_000 + "]" * 50_000,
    "tf": "x = " + "[" * 50_000 + "]" * 50_000,
    "dockerfile": "FROM a\nRUN " + "$(" * 5_000 + ")" * 5_000,
    "kt": "val x = " + "(" * 20_000 + ")" * 20_000,
    "xml": "<a>" * 50_000 + "</a>" * 50_000,
    "html": "<!DOCTYPE html>" + "<div>" * 5_000 + "</div>" * 5_000,
    "css": "a { " * 5_000 + "}" * 5_000,
}
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
)
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n" + "".join(
    "  " + line + "\n" for line in BOMB.splitlines()
)
ENTITIES = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'


def hostile(suffix: str) -> dict[str, bytes]:
    return {
        f"empty.{suffix}": b"",
        f"binary.{suffix}": bytes(range(256)) * 20,
        f"latin.{suffix}": "x = 'gr\u00fc\u00dfe'\n".encode("latin-1"),
        f"line.{suffix}": b"a " * 1_100_000,
        f"deep.{suffix}": DEEP[suffix].encode(),
        f"-x.{suffix}": b"\xef\xbb\xbf#\n",
        f"a b'$(id);\u00e9.{suffix}": b"#\r\n",
    }


@pytest.mark.parametrize("profile", sorted(PROFILES))
async def test_no_checker_breaks(profile: str) -> None:
    try:
        backend: SandboxBackend = await open_backend(SandboxSettings(backend="docker"), home())
    except SandboxUnavailableError as error:
        pytest.skip(error.detail)
    raw = {path: data for suffix in PROFILES[profile] for path, data in hostile(suffix).items()}
    if profile == "analysis":
        raw |= {"bomb.yaml": BOMB.encode(), "manifest.yaml": MANIFEST.encode(), "entities.xml": ENTITIES.encode()}
        raw |= {f"huge.{suffix}": b"a " * 5_500_000 for suffix in ("tf", "yaml")}
    project = tuple(SourceFile.of(path, data) for path, data in sorted(raw.items()))
    verdict = await validate_project(project, infer_contract(project), backend, stages=("syntax", "style", "types"))
    assert {s.stage: s.reason for s in verdict.stages if s.status == "errored"} == {}
    syntax = verdict.stages[0]
    assert syntax.status == "failed"
    blamed = {f.file for f in syntax.findings if f.severity in ("high", "critical")}
    for suffix in PROFILES[profile]:
        assert {f"binary.{suffix}", f"latin.{suffix}"} <= blamed, suffix
    assert not {path for path in blamed if path.startswith("empty")} - {"empty.json", "empty.dockerfile", "empty.xml"}
