"""The programs of the security stage in a real sandbox: the whole corpus of twins in one run, and hostile files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from qlp.config import SandboxSettings, home
from qlp.errors import SandboxUnavailableError
from qlp.models import Finding, at_least
from qlp.sandbox import open_backend
from qlp.sandbox.protocol import Limits, Sandbox
from qlp.validation.check import Reading
from qlp.validation.security.archive import NAME, build
from qlp.validation.security.readings import report
from qlp.validation.security.toolchain import command
from tests.security import reader

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    try:
        backend = await open_backend(SandboxSettings(backend="docker"), home())
        async with backend.open("analysis", Limits(output_bytes=262_144)) as opened:
            await opened.put({NAME: build()})
            yield opened
    except SandboxUnavailableError as error:
        pytest.skip(error.detail)


async def check(sandbox: Sandbox, tool: str, files: Mapping[str, bytes]) -> Reading:
    await sandbox.put(files)
    return report(tool)(await sandbox.run(command(tool, tuple(files))))


def serious(findings: Sequence[Finding]) -> dict[str, set[str]]:
    """Findings that fail the stage: file -> rules."""
    made: dict[str, set[str]] = {}
    for f in findings:
        if at_least(f.severity, "medium"):
            made.setdefault(f.file or "", set()).add(f.rule)
    return made


async def test_every_insecure_twin_is_found_and_no_secure_one(sandbox: Sandbox) -> None:
    wanted: dict[str, str] = {}
    files: dict[str, bytes] = {}
    secure: list[str] = []
    for language in reader.languages():
        for group in ("twins", "later"):
            for twin in reader.twins(language, group):
                bad, good = twin.path(language, group, "insecure"), twin.path(language, group, "secure")
                files |= {bad: twin.insecure.encode(), good: twin.secure.encode()}
                wanted[bad] = twin.rule
                secure.append(good)
    found: dict[str, set[str]] = {}
    names = sorted(files)
    await sandbox.put(files)
    for at in range(0, len(names), 150):
        # In portions only because a report holds at most 200 findings.
        reading = report("rules")(await sandbox.run(command("rules", names[at : at + 150])))
        assert not reading.broken
        assert reading.facts["rules_findings_total"] <= 200
        found |= serious(reading.findings)
    assert {p: r for p, r in wanted.items() if not found.get(p)} == {}, "insecure programs without a finding"
    assert {p: (r, found[p]) for p, r in wanted.items() if r and r not in found[p]} == {}, "found by another rule"
    assert {p: found[p] for p in secure if p in found} == {}, "false alarms"
    assert len(wanted) >= 150


HOSTILE = {
    "a b.py": b"import os\nimport sys\nos.system('ls ' + sys.argv[1])\n",
    "-x.py": b"eval(input())\n",
    "deep.py": b"x = " + b"(" * 4000 + b"1" + b")" * 4000 + b"\n",
    "deep.js": b"f(" * 3000 + b"1" + b")" * 3000 + b";\n",
    "nested.json": b"[" * 5000 + b"]" * 5000,
    "huge.js": b"var a = 1;\n" * 1_000_000,  # 11 MB
    "one_line.js": b"a=1;" * 200_000,
    "binary.php": bytes(range(256)) * 64,
    "latin.rb": "puts 'é'\n".encode("latin-1"),
    "empty.go": b"",
    "broken.java": b"class { void ( { ; \n } \x00",
    "many.c": b"int f(int a) { if (a) { a = a + 1; } return a; }\n" * 1000,
    "branches.py": b"def f(x):\n" + b"    if x: x = x + 1\n" * 1000 + b"    return x\n",
    "calls.py": b"".join(b"def f%d(x):\n    return f%d(x) + f%d(x)\n" % (i, i + 1, i + 2) for i in range(300)),
    "package.json": b'{"dependencies": ["not", "a", "table"]}',
    "pyproject.toml": b"[project\n",
    "json.py": b"raise SystemExit('not this json')\n",
    ".qlp/json.py": b"raise SystemExit('nor this one')\n",
}


@pytest.mark.parametrize("tool", ["rules", "bandit", "secrets", "dependencies"])
async def test_hostile_files_break_nothing(sandbox: Sandbox, tool: str) -> None:
    reading = await check(sandbox, tool, HOSTILE)
    assert reading.broken == ""
    if tool == "rules":
        found = serious(reading.findings)
        assert "command-injection" in found["a b.py"]
        assert "code-injection" in found["-x.py"]
        left = {f.file for f in reading.findings if f.rule == "not-analysed"}
        assert {"huge.js", "one_line.js", "binary.php"} <= left, "what was not looked at is named"


async def test_a_comment_silences_a_finding_and_is_counted(sandbox: Sandbox) -> None:
    source = (
        b"import os\nimport sys\nos.system('ls ' + sys.argv[1])  # nosec\n# nosemgrep\nos.system('ls ' + sys.argv[2])\n"
    )
    reading = await check(sandbox, "rules", {"quiet.py": source})
    assert [f for f in reading.findings if f.file == "quiet.py"] == []
    assert reading.facts["rules_suppressed"] == 2


async def test_secrets_are_found_masked_and_examples_are_low(sandbox: Sandbox) -> None:
    key = "AKIA" + "Q3EGTXWP7LMN5VRB"
    token = "ghp_" + "a8Fk2Lm9Qw4Er7Ty1Ui3Op6As5Df0Gh8Jk2L"
    files = {
        "config.py": f'KEY = "{key}"\n'.encode(),
        ".env": f"GITHUB={token}\nDB_PASSWORD=kD83hf02jDsa91\n".encode(),
        "README.md": b'export AWS_KEY="AKIAIOSFODNN7EXAMPLE"\n',
        "src/app.js": b'const url = "postgres://app:Zk39dkq02LsP@db.intern/app";\nconst password = getPassword();\n',
        "lib/words.py": b'# the password is in the vault: AWS secret key\nPASSWORD_LABEL = "Password"\n',
    }
    await sandbox.put(files)
    result = await sandbox.run(command("secrets", tuple(files)))
    reading = report("secrets")(result)
    found = {(f.file, f.rule): f.severity for f in reading.findings}
    assert found[("config.py", "aws-access-key")] == "critical"
    assert found[(".env", "github-token")] == "critical"
    assert found[(".env", "assigned-secret")] == "high"
    assert found[("src/app.js", "password-in-url")] == "high"
    assert found[("README.md", "aws-access-key")] == "low"
    assert not any(f.file == "lib/words.py" for f in reading.findings)
    printed = json.dumps([f.model_dump() for f in reading.findings]) + result.stdout.decode()
    for secret in (key, token, "kD83hf02jDsa91", "Zk39dkq02LsP"):
        assert secret not in printed
        assert secret[4:] not in printed


async def test_names_of_dependencies(sandbox: Sandbox) -> None:
    files = {
        "requirements.txt": b"requests==2.32\nreqeusts==1.0\njson==1\nquantum-layer-thing==0.1\nscikit_learn\n",
        "package.json": b'{"name": "shop", "dependencies": {"express": "^4", "expres": "^4", "lodahs": "1"}}',
        "go.mod": b"module example.org/shop\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.9.0\n)\n",
        "main.go": b'package main\n\nimport (\n\t"fmt"\n\t"example.org/shop/db"\n\t"github.com/gin-gonic/gin/binding"\n\t"github.com/nobody/nothing"\n)\n',
        "app/main.py": b"import os\nimport yaml\nfrom app.models import User\nfrom . import views\nimport magicframework\nimport requests\n",
        "app/models.py": b"import numpy as np\nfrom google.cloud import storage\n",
        "web/index.ts": b'import fs from "node:fs";\nimport x from "./x";\nimport y from "@/y";\nimport express from "express";\nimport z from "left-pad-extra";\n',
    }
    reading = await check(sandbox, "dependencies", files)
    assert not reading.broken
    found = {(f.rule, f.message.split()[0]): (f.file, f.line, f.severity, f.fix) for f in reading.findings}
    assert found == {
        ("typosquat", "reqeusts"): ("requirements.txt", 2, "high", "Use requests"),
        ("stdlib-dependency", "json"): ("requirements.txt", 3, "medium", "Remove json"),
        ("unlisted-dependency", "quantum-layer-thing"): ("requirements.txt", 4, "low", None),
        ("typosquat", "expres"): ("package.json", 1, "high", "Use express"),
        ("typosquat", "lodahs"): ("package.json", 1, "high", "Use lodash"),
        ("unknown-import", "github.com/nobody/nothing"): ("main.go", 7, "medium", None),
        ("unknown-import", "magicframework"): ("app/main.py", 5, "medium", None),
        ("unknown-import", "left-pad-extra"): ("web/index.ts", 5, "medium", None),
    }


async def test_bandit_tells_what_the_own_rules_leave_to_it(sandbox: Sandbox) -> None:
    files = {
        "page.py": b"import paramiko\n\nc = paramiko.SSHClient()\nc.exec_command('ls')\n",
        "tests/test_page.py": b"def test_page():\n    assert 1 + 1 == 2\n",
    }
    reading = await check(sandbox, "bandit", files)
    assert [(f.rule, f.file, f.severity) for f in reading.findings] == [("B601", "page.py", "medium")]
