"""Capsules of every published schema version load and verify for ever.

`data/capsule-v1.zip` was made by the first version that wrote schema version 1 and is never made again: if a change
breaks this test, the change has to learn to read the old file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from qlp.capsule import Trust, check_capsule, extract, read_capsule
from qlp.capsule.archive import pack, unpack
from qlp.capsule.canonical import sha256_hex

pytestmark = pytest.mark.unit
DATA = Path(__file__).parent / "data"
GOLDEN = DATA / "capsule-v1.zip"
DIGEST = "0631e686c7a31dd0d5c8134c492d82be73db127bef5c41f6c99302f912367d07"


def test_the_golden_file_is_the_one_that_was_published() -> None:
    assert sha256_hex(GOLDEN.read_bytes()) == DIGEST


def test_version_1_is_authentic(tmp_path: Path) -> None:
    report = check_capsule(GOLDEN, trust=Trust.load(tmp_path, extra=[DATA / "capsule-v1.pub.pem"]))
    assert (report.signature, report.digests, report.problems) == ("ok", "ok", ())
    assert report.claims_verified


def test_version_1_loads_with_its_values(tmp_path: Path) -> None:
    capsule = read_capsule(GOLDEN)
    manifest = capsule.manifest
    assert manifest.schema_version == 1
    assert manifest.created_at == datetime(2026, 11, 22, 10, 30, 15, tzinfo=UTC)
    assert manifest.request.text == "Build a bookshop library — schön"
    assert manifest.usage.cost_usd == Decimal("0.00125")
    assert manifest.plan.contract.commands[0].argv == ("python3", "-m", "pytest")
    assert manifest.attempts[0].attempt.prompt == "implementer@0123abcd"
    assert capsule.verdict().verified
    assert [e.evidence.id for e in capsule.evidence()] == ["syntax-1", "tests-1", "runtime-1", "tests-1"]
    assert "project/docs/grüße-世界.md" in capsule.entries
    assert len(extract(capsule, tmp_path / "out")) == 6


def test_the_archive_form_of_version_1_does_not_change() -> None:
    assert pack(unpack(GOLDEN.read_bytes()), read_capsule(GOLDEN).manifest.created_at) == GOLDEN.read_bytes()
