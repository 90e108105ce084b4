"""Each part of a capsule is changed in turn; every change is found and named."""

from __future__ import annotations

import io
import os
import random
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from qlp.capsule import (
    CapsuleContents,
    CapsuleReport,
    Signer,
    Trust,
    build_capsule,
    check_capsule,
    extract,
    read_capsule,
)
from qlp.capsule.archive import ArchiveLimits, Entry, pack, unpack
from qlp.capsule.canonical import canonical_json, canonical_model, sha256_hex
from qlp.errors import CapsuleError, NotFoundError
from qlp.models.capsule import Manifest

pytestmark = pytest.mark.unit
Check = Callable[[bytes], CapsuleReport]
Repack = Callable[[dict[str, Entry]], bytes]


@pytest.fixture
def check(tmp_path: Path, trust: Trust) -> Check:
    def checked(data: bytes) -> CapsuleReport:
        path = tmp_path / "tampered.zip"
        path.write_bytes(data)
        return check_capsule(path, trust=trust)

    return checked


@pytest.fixture
def repack(make_contents: Callable[[], CapsuleContents]) -> Repack:
    moment = make_contents().manifest.created_at
    return lambda entries: pack(entries, moment)


def details(report: CapsuleReport) -> str:
    return "\n".join(p.detail for p in report.problems)


def codes(report: CapsuleReport) -> set[str]:
    return {p.code for p in report.problems}


def flipped(entry: Entry) -> Entry:
    return Entry(data=bytes([entry.data[0] ^ 1]) + entry.data[1:], executable=entry.executable)


def test_an_untouched_capsule_is_authentic_and_not_yet_verified(capsule_bytes: bytes, check: Check) -> None:
    report = check(capsule_bytes)
    assert (report.signature, report.digests, report.problems) == ("ok", "ok", ())
    assert report.authentic
    assert report.claims_verified
    assert not report.verified
    assert report.key_name == "test key"
    assert report.digest == sha256_hex(capsule_bytes)


@pytest.mark.parametrize(
    "path",
    [
        "project/shop/book.py",
        "project/docs/grüße-世界.md",
        "evidence/tests-1.stdout.txt",
        "evidence/tests-1.json",
        "evidence/verdict.json",
        "sbom.cdx.json",
    ],
)
def test_a_changed_byte_is_found(capsule_bytes: bytes, check: Check, repack: Repack, path: str) -> None:
    entries = unpack(capsule_bytes)
    report = check(repack({**entries, path: flipped(entries[path])}))
    assert report.digests == "mismatch"
    assert report.signature == "ok"
    assert f"{path} has another content than the manifest says" in details(report)
    assert [p.path for p in report.problems] == [path]


def test_a_changed_mode_is_found(capsule_bytes: bytes, check: Check, repack: Repack) -> None:
    entries = unpack(capsule_bytes)
    script = Entry(data=entries["project/shop/book.py"].data, executable=True)
    report = check(repack({**entries, "project/shop/book.py": script}))
    assert report.digests == "mismatch"
    assert "another mode" in details(report)


def test_a_changed_manifest_is_found(capsule_bytes: bytes, check: Check, repack: Repack) -> None:
    entries = unpack(capsule_bytes)
    changed = entries["manifest.json"].data.replace(b'"probability":0.93', b'"probability":0.99')
    assert changed != entries["manifest.json"].data
    report = check(repack({**entries, "manifest.json": Entry(data=changed)}))
    assert report.signature == "bad"
    assert "changed after signing" in details(report)
    assert not report.authentic


def test_a_source_changed_together_with_its_digest_is_found(capsule_bytes: bytes, check: Check, repack: Repack) -> None:
    entries = unpack(capsule_bytes)
    source = flipped(entries["project/shop/book.py"])
    before = sha256_hex(entries["project/shop/book.py"].data).encode()
    manifest = entries["manifest.json"].data.replace(before, sha256_hex(source.data).encode())
    report = check(repack({**entries, "project/shop/book.py": source, "manifest.json": Entry(data=manifest)}))
    assert report.signature == "bad"


@pytest.mark.parametrize("field", ["signature", "public_key", "key_id"])
def test_a_changed_signature_is_found(capsule_bytes: bytes, check: Check, repack: Repack, field: str) -> None:
    entries = unpack(capsule_bytes)
    raw = entries["SIGNATURE.json"].data.decode()
    value = raw.split(f'"{field}":"')[1].split('"')[0]
    changed = raw.replace(value, ("B" if value[0] != "B" else "C") + value[1:])
    report = check(repack({**entries, "SIGNATURE.json": Entry(data=changed.encode())}))
    assert report.signature == "bad"
    assert codes(report) == {"signature_bad"}


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff\xfe", b'{"algorithm":"rsa"}', b"[" * 100_000])
def test_a_malformed_signature_is_bad(capsule_bytes: bytes, check: Check, repack: Repack, data: bytes) -> None:
    report = check(repack({**unpack(capsule_bytes), "SIGNATURE.json": Entry(data=data)}))
    assert report.signature == "bad"


def test_a_removed_signature_is_missing(capsule_bytes: bytes, check: Check, repack: Repack) -> None:
    entries = unpack(capsule_bytes)
    del entries["SIGNATURE.json"]
    report = check(repack(entries))
    assert report.signature == "missing"
    assert "not signed" in details(report)


def test_a_swapped_key_is_an_unknown_key(make_contents: Callable[[], CapsuleContents], check: Check) -> None:
    stranger = Signer(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))
    report = check(build_capsule(make_contents(), stranger))
    assert report.signature == "unknown_key"
    assert report.digests == "ok"
    assert report.key_id == stranger.key_id
    assert f"signed by an unknown key ({stranger.key_id})" in details(report)
    assert "--key FILE" in details(report)
    assert not report.authentic


def test_an_added_file_is_found(capsule_bytes: bytes, check: Check, repack: Repack) -> None:
    report = check(repack({**unpack(capsule_bytes), "project/shop/sitecustomize.py": Entry(data=b"import os\n")}))
    assert codes(report) == {"extra_file"}
    assert "project/shop/sitecustomize.py is not in the manifest: it was added" in details(report)


def test_a_removed_file_is_found(capsule_bytes: bytes, check: Check, repack: Repack) -> None:
    entries = unpack(capsule_bytes)
    del entries["evidence/tests-1.stderr.txt"]
    report = check(repack(entries))
    assert codes(report) == {"missing_file"}
    assert "evidence/tests-1.stderr.txt is in the manifest and not in the archive" in details(report)


def test_a_removed_manifest_is_found(capsule_bytes: bytes, check: Check, repack: Repack) -> None:
    entries = unpack(capsule_bytes)
    del entries["manifest.json"]
    report = check(repack(entries))
    assert (report.signature, report.digests) == ("bad", "unreadable")
    assert "there is no manifest.json" in details(report)


def test_a_renamed_file_is_found(capsule_bytes: bytes, check: Check, repack: Repack) -> None:
    entries = unpack(capsule_bytes)
    entries["project/shop/BOOK.py"] = entries.pop("project/shop/book.py")
    assert codes(check(repack(entries))) == {"missing_file", "extra_file"}


def rezipped(data: bytes, compression: int = zipfile.ZIP_STORED, extra: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, entry in unpack(data).items():
            archive.writestr(name, entry.data)
        for name, content in extra:
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_duplicated_entry_is_refused(capsule_bytes: bytes, check: Check) -> None:
    report = check(rezipped(capsule_bytes, extra=(("project/shop/book.py", b"evil"),)))
    assert report.digests == "unreadable"
    assert "duplicate entry: project/shop/book.py" in details(report)


@pytest.mark.parametrize("name", ["../x", "project/../../x", "/etc/cron.d/x", "project\\..\\x", "project/./x", "C:x"])
def test_a_path_that_leaves_the_folder_is_refused(
    capsule_bytes: bytes, check: Check, tmp_path: Path, name: str
) -> None:
    data = rezipped(capsule_bytes, extra=((name, b"evil"),))
    report = check(data)
    assert report.digests == "unreadable"
    assert "unsafe path" in details(report)
    with pytest.raises(CapsuleError, match="unsafe path"):
        read_capsule(tmp_path / "tampered.zip")


def test_a_zip_bomb_is_refused_without_unpacking(capsule_bytes: bytes, check: Check) -> None:
    data = rezipped(capsule_bytes, zipfile.ZIP_DEFLATED, (("project/zeros", b"\0" * 50_000_000),))
    assert len(data) < 100_000
    report = check(data)
    assert report.digests == "unreadable"
    assert "zip bomb" in details(report)


def test_a_header_that_lies_about_sizes_is_refused(capsule_bytes: bytes, check: Check) -> None:
    name = b"project/shop/book.py"
    at = capsule_bytes.rindex(name) - 46
    for size in (0xFFFFFFF0, 0x7FFFFFFF, 1):
        raw = size.to_bytes(4, "little")
        report = check(capsule_bytes[: at + 20] + raw + raw + capsule_bytes[at + 28 :])
        assert report.digests == "unreadable"


def test_limits_hold_for_what_is_read(capsule_path: Path, trust: Trust) -> None:
    small = check_capsule(capsule_path, trust=trust, limits=ArchiveLimits(entries=5))
    assert "more than the 5" in details(small)
    tiny = check_capsule(capsule_path, trust=trust, limits=ArchiveLimits(archive_bytes=1000))
    assert "larger than the 1000 bytes" in details(tiny)
    narrow = check_capsule(capsule_path, trust=trust, limits=ArchiveLimits(entry_bytes=90))
    assert "limits of a capsule" in details(narrow)


def test_links_folders_and_devices_are_refused(capsule_bytes: bytes, check: Check) -> None:
    for mode in (stat.S_IFLNK | 0o777, stat.S_IFDIR | 0o755, stat.S_IFIFO | 0o644):
        buffer = io.BytesIO(capsule_bytes)
        with zipfile.ZipFile(buffer, "a") as archive:
            info = zipfile.ZipInfo("project/link")
            info.external_attr = mode << 16
            archive.writestr(info, "/etc/passwd")
        assert "not a regular file" in details(check(buffer.getvalue()))


def test_bytes_outside_the_files_are_found(capsule_bytes: bytes, check: Check) -> None:
    with_comment = io.BytesIO(capsule_bytes)
    with zipfile.ZipFile(with_comment, "a") as archive:
        archive.comment = b"hello"
    for data in (with_comment.getvalue(), b"#!/bin/sh\nevil\n" + capsule_bytes, capsule_bytes + b"tail"):
        report = check(data)
        assert report.digests in ("mismatch", "unreadable")
        assert not report.authentic


def test_the_same_files_in_another_zip_are_not_the_capsule(capsule_bytes: bytes, check: Check) -> None:
    report = check(rezipped(capsule_bytes))
    assert not report.authentic
    assert codes(report) <= {"archive_altered", "digest_mismatch"}


def test_no_changed_byte_anywhere_goes_unnoticed(capsule_bytes: bytes, check: Check) -> None:
    chance = random.Random(2)
    ends = [*range(12), *range(len(capsule_bytes) - 200, len(capsule_bytes))]
    for position in [*ends, *(chance.randrange(len(capsule_bytes)) for _ in range(300))]:
        data = bytearray(capsule_bytes)
        data[position] ^= 1 << chance.randrange(8)
        report = check(bytes(data))
        assert not report.authentic, f"a flipped bit at {position} went unnoticed"
        assert report.problems


def test_a_cut_capsule_is_unreadable(capsule_bytes: bytes, check: Check) -> None:
    for size in (0, 1, 100, len(capsule_bytes) // 2, len(capsule_bytes) - 1):
        report = check(capsule_bytes[:size])
        assert report.digests == "unreadable"
        assert "not a readable zip archive" in details(report)


def resigned(capsule: bytes, signer: Signer, moment_of: Repack, changes: dict[str, object]) -> bytes:
    """A capsule whose own signer lies: the manifest is changed and signed again."""
    entries = unpack(capsule)
    manifest = Manifest.model_validate_json(entries["manifest.json"].data)
    data = canonical_json({**manifest.model_dump(mode="json"), **changes})
    signature = canonical_model(signer.sign(data))
    return moment_of({**entries, "manifest.json": Entry(data=data), "SIGNATURE.json": Entry(data=signature)})


def test_signed_claims_that_do_not_follow_from_the_evidence_are_found(
    capsule_bytes: bytes, check: Check, repack: Repack, signer: Signer
) -> None:
    manifest = Manifest.model_validate_json(unpack(capsule_bytes)["manifest.json"].data)
    stages = [c.model_dump(mode="json") for c in manifest.stages]
    lies: tuple[tuple[dict[str, object], str], ...] = (
        ({"required": ["syntax", "tests", "runtime", "types"]}, "types is skipped"),
        ({"required": []}, "no stage was required"),
        ({"stages": [{**stages[0], "evidence": []}, *stages[1:]]}, "syntax has no evidence"),
        ({"stages": [{**s, "facts": {"tests_passed": 99}} for s in stages]}, "stages of the manifest and"),
        ({"input_digest": "sha256:" + "0" * 64}, "about other files"),
        ({"evidence": []}, "malformed"),
    )
    for changes, said in lies:
        report = check(resigned(capsule_bytes, signer, repack, changes))
        assert report.signature == "ok"
        assert said in details(report)
        assert codes(report) == {"inconsistent_claim"}


def test_an_unknown_schema_version_says_so(capsule_bytes: bytes, check: Check, repack: Repack, signer: Signer) -> None:
    for version in (2, 0, "1", True, None):
        report = check(resigned(capsule_bytes, signer, repack, {"schema_version": version}))
        assert codes(report) == {"unknown_schema"}
        assert "a newer QLP may read it" in details(report)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"schema_version":1}\n', b'{"schema_version":1,"x":NaN}\n'])
def test_a_malformed_manifest_is_reported(
    capsule_bytes: bytes, check: Check, repack: Repack, signer: Signer, data: bytes
) -> None:
    signature = canonical_model(signer.sign(data))
    changed = {"manifest.json": Entry(data=data), "SIGNATURE.json": Entry(data=signature)}
    report = check(repack({**unpack(capsule_bytes), **changed}))
    assert report.digests == "unreadable"
    assert "manifest.json" in details(report)


def test_a_manifest_in_another_form_is_refused(
    capsule_bytes: bytes, check: Check, repack: Repack, signer: Signer
) -> None:
    entries = unpack(capsule_bytes)
    twice = b'{"verified":false,' + entries["manifest.json"].data[1:]
    entries |= {"manifest.json": Entry(data=twice), "SIGNATURE.json": Entry(data=canonical_model(signer.sign(twice)))}
    assert "canonical form" in details(check(repack(entries)))


def test_files_that_are_no_capsule(tmp_path: Path, trust: Trust, check: Check) -> None:
    assert "not a readable zip" in details(check(b"hello"))
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    assert "this is not a capsule" in details(check(empty.getvalue()))
    with pytest.raises(NotFoundError, match="there is no file"):
        check_capsule(tmp_path / "nothing.zip", trust=trust)
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in details(check_capsule(tmp_path / "pipe", trust=trust))
    assert "not a regular file" in details(check_capsule(tmp_path, trust=trust))


def test_nothing_is_extracted_from_a_refused_archive(capsule_bytes: bytes, tmp_path: Path) -> None:
    path = tmp_path / "evil.zip"
    path.write_bytes(rezipped(capsule_bytes, extra=(("project/../../evil", b"evil"),)))
    with pytest.raises(CapsuleError):
        extract(read_capsule(path), tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["evil.zip"]
