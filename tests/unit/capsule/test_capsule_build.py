from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from qlp.capsule import CapsuleContents, CapsuleStore, Signer, build_capsule, read_capsule, write
from qlp.capsule.archive import ArchiveLimits, Entry, pack, unpack
from qlp.errors import CapsuleError
from qlp.models import Evidence, SourceFile, StageResult, TaskResult, Verdict

pytestmark = pytest.mark.unit
Make = Callable[..., CapsuleContents]


def test_the_archive_has_the_documented_layout(capsule_bytes: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(capsule_bytes)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(archive.namelist())
        assert set(archive.namelist()) == {
            "SIGNATURE.json",
            "manifest.json",
            "sbom.cdx.json",
            "evidence/verdict.json",
            *(
                f"evidence/{stem}.{end}"
                for stem in ("syntax-1", "tests-1", "runtime-1", "code.tests-1")
                for end in ("json", "stdout.txt", "stderr.txt")
            ),
            *(
                f"project/{path}"
                for path in (
                    "shop/__init__.py",
                    "shop/book.py",
                    "tests/test_book.py",
                    "docs/grüße-世界.md",
                    "run.sh",
                    "requirements.txt",
                )
            ),
        }
        modes = {i.filename: i.external_attr >> 16 for i in archive.infolist()}
        assert modes["project/run.sh"] == 0o100755
        assert modes["project/shop/book.py"] == 0o100644
        assert {i.date_time for i in archive.infolist()} == {(2026, 11, 22, 10, 30, 14)}
        assert archive.read("project/docs/grüße-世界.md") == "# Grüße, 世界\r\n".encode()


def test_info_zip_reads_the_archive(capsule_path: Path) -> None:
    if not shutil.which("unzip"):
        pytest.skip("unzip is not installed")
    done = subprocess.run(["unzip", "-t", str(capsule_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_inputs_give_the_same_bytes(make_contents: Make, signer: Signer) -> None:
    assert build_capsule(make_contents(), signer) == build_capsule(make_contents(), signer)


def test_the_order_of_the_files_does_not_matter(
    make_contents: Make, signer: Signer, files: tuple[SourceFile, ...]
) -> None:
    # The plan in the manifest lists files in its own order: it stays the same here.
    plan = make_contents().manifest.plan
    assert build_capsule(make_contents(files=files[::-1], plan=plan, results=()), signer) == build_capsule(
        make_contents(plan=plan, results=()), signer
    )


def test_the_time_zone_of_the_clock_does_not_change_the_archive_times(make_contents: Make) -> None:
    moment = datetime(2026, 11, 22, 10, 30, 15, tzinfo=UTC)
    entries = {"a": Entry(data=b"x")}
    assert pack(entries, moment) == pack(entries, moment.astimezone(timezone(timedelta(hours=9))))


@pytest.mark.parametrize("year", [1970, 2200])
def test_times_that_zip_cannot_express_are_clamped(year: int) -> None:
    packed = pack({"a": Entry(data=b"x")}, datetime(year, 6, 1, tzinfo=UTC))
    assert zipfile.ZipFile(io.BytesIO(packed)).infolist()[0].date_time[0] in (1980, 2107)


def test_manifest_says_who_made_what_with_what(capsule_path: Path) -> None:
    manifest = read_capsule(capsule_path).manifest
    assert manifest.name == "bookshop"
    assert manifest.request.text == "Build a bookshop library — schön"
    assert manifest.assumptions == ("Books have a price.", "Prices are in euros.")
    assert [(a.task, a.attempt.model) for a in manifest.attempts] == [("code", "scripted:m")]
    assert manifest.prompts == ("implementer@0123abcd",)
    assert [(t.tool, t.version) for t in manifest.tools] == [("pytest", "8.4.2"), ("python", "8.4.2")]
    assert [i.image for i in manifest.environments] == ["qlp/python"]
    assert str(manifest.usage.cost_usd) == "0.00125"
    claims = {c.stage: c for c in manifest.stages}
    assert claims["tests"].facts["tests_passed"] == 7
    assert claims["tests"].evidence == ("evidence/tests-1.json",)
    assert claims["types"].reason == "no mypy here"
    assert manifest.verified


def test_evidence_and_verdict_come_back_as_they_were(capsule_path: Path, make_verdict: Callable[[], Verdict]) -> None:
    capsule = read_capsule(capsule_path)
    assert capsule.verdict() == make_verdict()
    assert [(e.source, e.evidence.id) for e in capsule.evidence()] == [
        ("verdict", "syntax-1"),
        ("verdict", "tests-1"),
        ("verdict", "runtime-1"),
        ("task:code", "tests-1"),
    ]


def test_project_comes_back_byte_by_byte(capsule_path: Path, files: tuple[SourceFile, ...]) -> None:
    assert set(read_capsule(capsule_path).project()) == set(files)


def test_evidence_that_tasks_share_with_the_verdict_is_kept_once(
    make_contents: Make, make_verdict: Callable[[], Verdict]
) -> None:
    shared = make_verdict().evidence
    contents = make_contents(results=(TaskResult(task_id="code", files=(), attempts=(), evidence=shared),))
    assert [e.source for e in contents.manifest.evidence] == ["verdict"] * 3


def test_ids_that_are_no_file_names_get_safe_and_distinct_ones(
    make_contents: Make, make_evidence: Callable[..., Evidence], files: tuple[SourceFile, ...]
) -> None:
    ids = ("../../etc/passwd", "verdict", "a b", "a/b", "...", "日本")
    pieces = tuple(make_evidence(i, files) for i in ids)
    verdict = Verdict(
        input_digest=pieces[0].input_digest,
        stages=(StageResult(stage="tests", status="passed", evidence=pieces),),
        required=("tests",),
        verified=True,
    )
    index = make_contents(verdict=verdict, results=()).manifest.evidence
    assert [e.id for e in index] == list(ids)
    assert len({e.file for e in index}) == len(ids)
    assert all(e.file.startswith("evidence/") and ".." not in e.file and e.file.count("/") == 1 for e in index)
    assert "evidence/verdict.json" not in {e.file for e in index}


def test_output_that_was_not_utf8_is_marked(
    make_contents: Make,
    make_evidence: Callable[..., Evidence],
    make_verdict: Callable[..., Verdict],
    files: tuple[SourceFile, ...],
) -> None:
    odd = make_evidence("tests-1", files, stdout="\ufffd\ufffd", stdout_digest="sha256:" + "0" * 64)
    stage = StageResult(stage="tests", status="passed", evidence=(odd,))
    contents = make_contents(verdict=make_verdict(stages=(stage,), required=("tests",)))
    assert json.loads(contents.entries["evidence/tests-1.json"].data)["stdout_exact"] is False


def test_a_verdict_about_other_files_is_refused(
    make_contents: Make, files: tuple[SourceFile, ...], make_verdict: Callable[..., Verdict]
) -> None:
    changed = (files[0].model_copy(update={"content": "x = 1\n"}), *files[1:])
    with pytest.raises(CapsuleError, match="other files"):
        make_contents(files=changed, verdict=make_verdict(files))


def test_verified_without_evidence_is_refused(make_contents: Make, make_verdict: Callable[..., Verdict]) -> None:
    bare = make_verdict(stages=(StageResult(stage="tests", status="passed"),), required=("tests",))
    with pytest.raises(CapsuleError, match="tests has no evidence"):
        make_contents(verdict=bare)
    with pytest.raises(CapsuleError, match="types is skipped"):
        make_contents(verdict=make_verdict(required=("types",)))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../evil.py", "leaves its folder"),
        ("a/../../evil.py", "leaves its folder"),
        ("/etc/passwd", "absolute"),
        ("C:/evil.py", "absolute"),
        ("a\\b.py", "backslash"),
        ("a//b.py", "empty"),
        ("./a.py", "empty or '.'"),
        ("a\x00b", "control character"),
        ("a\nb", "control character"),
        ("", "empty"),
        ("x" * 256, "longer than 255"),
        ("\ud800.py", "not valid Unicode"),
    ],
)
def test_paths_that_are_unsafe_somewhere_are_refused(make_contents: Make, path: str, why: str) -> None:
    if path == "\ud800.py":
        with pytest.raises(CapsuleError, match=why):
            pack({path: Entry(data=b"")}, datetime(2026, 1, 1, tzinfo=UTC))
    else:
        with pytest.raises(CapsuleError, match=why):
            make_contents(files=(SourceFile(path=path, content=""),), results=())


def test_clashing_files_are_refused(make_contents: Make, signer: Signer) -> None:
    twice = (SourceFile(path="a", content="1"), SourceFile(path="a", content="2"))
    with pytest.raises(CapsuleError, match="two files are called a"):
        make_contents(files=twice, results=())
    both = (SourceFile(path="a", content="1"), SourceFile(path="a/b", content="2"))
    with pytest.raises(CapsuleError, match="also a folder"):
        build_capsule(make_contents(files=both, results=()), signer)
    with pytest.raises(CapsuleError, match="no file"):
        make_contents(files=(), results=())


def test_a_capsule_beyond_the_limits_is_not_made() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(CapsuleError, match="holds files up to 4"):
        pack({"a": Entry(data=b"12345")}, moment, ArchiveLimits(entry_bytes=4))
    with pytest.raises(CapsuleError, match="larger than 100"):
        pack({"a": Entry(data=b"x" * 100)}, moment, ArchiveLimits(archive_bytes=100))
    with pytest.raises(CapsuleError, match="more than the 1"):
        pack({"a": Entry(data=b""), "b": Entry(data=b"")}, moment, ArchiveLimits(entries=1))


def test_what_is_packed_is_unpacked() -> None:
    entries = {"ü/ß": Entry(data=b"\x00\xff", executable=True), "empty": Entry(data=b"")}
    assert unpack(pack(entries, datetime(2026, 1, 1, tzinfo=UTC))) == entries


def test_a_naive_time_and_numbers_without_json_form_are_refused(
    make_contents: Make, make_verdict: Callable[..., Verdict], files: tuple[SourceFile, ...], signer: Signer
) -> None:
    with pytest.raises(CapsuleError, match="time zone"):
        make_contents(created_at=datetime(2026, 1, 1))
    stage = make_verdict().stages[2].model_copy(update={"facts": {"coverage": float("nan")}})
    with pytest.raises(CapsuleError, match="canonical"):
        build_capsule(make_contents(verdict=make_verdict(stages=(stage,), required=("tests",))), signer)


def test_write_stores_it_once(make_contents: Make, signer: Signer, tmp_path: Path) -> None:
    store = CapsuleStore(tmp_path / "capsules")
    first, second = write(make_contents(), signer, store), write(make_contents(), signer, store)
    assert first == second
    assert first.path.name == f"bookshop-{first.digest[:12]}.zip"
    assert [s.digest for s in store.list()] == [first.digest]
    assert store.get(first.path.name) == build_capsule(make_contents(), signer)
