"""A small bookshop project with its plan, verdict and evidence, and a signer that is always the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from qlp.capsule import CapsuleContents, Signer, Trust, assemble, build_capsule
from qlp.models import (
    Analysis,
    Attempt,
    Confidence,
    ContractFile,
    Contribution,
    Evidence,
    InterfaceContract,
    Isolation,
    Plan,
    ProjectCommand,
    ProjectSpec,
    Request,
    SourceFile,
    StageResult,
    Task,
    TaskResult,
    Usage,
    Verdict,
)
from qlp.validation.evidence import digest_of

FILES = (
    SourceFile(path="shop/__init__.py", content=""),
    SourceFile(path="shop/book.py", content="def price() -> int:\n    return 12\n"),
    SourceFile(
        path="tests/test_book.py", content="from shop.book import price\n\ndef test_price():\n    assert price()\n"
    ),
    SourceFile(path="docs/grüße-世界.md", content="# Grüße, 世界\r\n"),
    SourceFile(path="run.sh", content="#!/bin/sh\nexec python3 -m shop\n", executable=True),
    SourceFile(path="requirements.txt", content="fastapi==0.110.0\npydantic>=2,<3  # models\n-r other.txt\n"),
)
ISOLATION = Isolation(backend="docker", runtime="runc", image="qlp/python", image_digest="sha256:" + "a" * 64)


def sha(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def piece(id: str, files: tuple[SourceFile, ...], **changes: Any) -> Evidence:
    stdout = changes.pop("stdout", f"{id}: all good\n")
    fields: dict[str, Any] = {
        "id": id,
        "stage": id.split("-")[0],
        "argv": ("python3", "-m", "pytest"),
        "input_digest": digest_of(files),
        "exit_code": 0,
        "stdout_digest": sha(stdout),
        "stderr_digest": sha(""),
        "stdout": stdout,
        "stderr": "",
        "wall_s": 0.25,
        "cpu_s": 0.2,
        "max_rss_bytes": 40_000_000,
        "tool": "pytest",
        "tool_version": "8.4.2",
        "isolation": ISOLATION,
    }
    return Evidence(**{**fields, **changes})


def verdict_of(files: tuple[SourceFile, ...] = FILES, **changes: Any) -> Verdict:
    stages = (
        StageResult(stage="syntax", status="passed", evidence=(piece("syntax-1", files, tool="python"),), wall_s=0.1),
        StageResult(stage="types", status="skipped", reason="no mypy here"),
        StageResult(
            stage="tests",
            status="passed",
            evidence=(piece("tests-1", files),),
            facts={"tests_passed": 7, "tests_failed": 0, "coverage": 91.5},
        ),
        StageResult(stage="runtime", status="passed", evidence=(piece("runtime-1", files),), facts={"runs": 1}),
    )
    return Verdict(**{"input_digest": digest_of(files), "stages": stages, "verified": True, **changes})


def plan_of(files: tuple[SourceFile, ...] = FILES) -> Plan:
    contract = InterfaceContract(
        project="bookshop",
        kind="library",
        language="python",
        files=tuple(ContractFile(path=f.path, task="code") for f in files),
        commands=(ProjectCommand(purpose="test", argv=("python3", "-m", "pytest")),),
    )
    return Plan(
        generator="blueprint:python-library@1",
        tasks=(Task(id="code", kind="code", title="The shop"),),
        contract=contract,
        assumptions=("Prices are in euros.",),
    )


def contents_of(**changes: Any) -> CapsuleContents:
    files = changes.get("files", FILES)
    attempt = Attempt(
        tier="t1", model="scripted:m", prompt="implementer@0123abcd", outcome="accepted", usage=Usage(calls=1)
    )
    result = TaskResult(task_id="code", files=files, attempts=(attempt,), evidence=(piece("tests-1", files, wall_s=9),))
    fields: dict[str, Any] = {
        "run_id": "run_1",
        "request": Request(text="Build a bookshop library — schön"),
        "analysis": Analysis(
            spec=ProjectSpec(name="bookshop", kind="library", language="python", summary="A bookshop."),
            assumptions=("Books have a price.",),
        ),
        "plan": plan_of(files),
        "results": (result,),
        "files": files,
        "verdict": verdict_of(files),
        "confidence": Confidence(
            probability=0.93,
            label="uncalibrated",
            formula="evidence-sum@1",
            contributions=(Contribution(feature="tests", value=7.0, effect=1.25),),
        ),
        "usage": Usage(calls=1, input_tokens=100, output_tokens=50, cost_usd=Decimal("0.00125")),
        "created_at": datetime(2026, 11, 22, 10, 30, 15, tzinfo=UTC),
        "generator": "blueprint:python-library@1",
    }
    return assemble(**{**fields, **changes})


@pytest.fixture
def signer() -> Signer:
    return Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
def trust(signer: Signer) -> Trust:
    return Trust({signer.public_key: "test key"})


@pytest.fixture
def make_contents() -> Callable[..., CapsuleContents]:
    return contents_of


@pytest.fixture
def make_verdict() -> Callable[..., Verdict]:
    return verdict_of


@pytest.fixture
def make_evidence() -> Callable[..., Evidence]:
    return piece


@pytest.fixture
def files() -> tuple[SourceFile, ...]:
    return FILES


@pytest.fixture
def capsule_bytes(signer: Signer) -> bytes:
    return build_capsule(contents_of(), signer)


@pytest.fixture
def capsule_path(tmp_path: Path, capsule_bytes: bytes) -> Path:
    path = tmp_path / "bookshop.zip"
    path.write_bytes(capsule_bytes)
    return path
