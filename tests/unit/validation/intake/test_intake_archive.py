from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable

import pytest

from qlp.config import ValidationSettings
from qlp.errors import InputError, RequestTooLargeError
from qlp.validation.intake import read_archive

pytestmark = pytest.mark.unit
ROOM = ValidationSettings(max_files=10, max_bytes=100_000)


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def tarred(*entries: tuple[str, bytes], edit: Callable[[tarfile.TarInfo], None] = lambda _: None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            edit(info)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zip_link() -> bytes:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    return zipped((info, b"/etc/passwd"))


@pytest.mark.parametrize("pack", [zipped, tarred, lambda *e: gzip.compress(tarred(*e))])
def test_text_and_binary_files_come_out_as_they_went_in(pack: Callable[..., bytes]) -> None:
    files = read_archive(pack(("src/a b.py", b"x = 1\n"), ("-x.py", b""), ("logo.png", b"\x89PNG\xff")), ROOM).files()
    assert {f.path: f.data for f in files} == {"-x.py": b"", "logo.png": b"\x89PNG\xff", "src/a b.py": b"x = 1\n"}
    assert [f.encoding for f in files] == ["utf-8", "base64", "utf-8"]


def test_execute_bits_survive() -> None:
    info = zipfile.ZipInfo("run.sh")
    info.external_attr = 0o100755 << 16
    assert [f.executable for f in read_archive(zipped((info, b"")), ROOM).files()] == [True]
    assert read_archive(tarred(("run.sh", b""), edit=lambda i: setattr(i, "mode", 0o755)), ROOM).files()[0].executable


@pytest.mark.parametrize("path", ["../x.py", "/etc/passwd", "a/../../x", "a\\..\\x", "C:/x", "a//b", "~/x"])
def test_a_path_that_leaves_the_project_is_refused(path: str) -> None:
    with pytest.raises(InputError):
        read_archive(zipped((path, b"x")), ROOM)
    with pytest.raises(InputError):
        read_archive(tarred((path, b"x")), ROOM)


def test_a_name_behind_a_nul_is_seen() -> None:
    with pytest.raises(InputError):
        read_archive(zipped(("x@.py", b"x")).replace(b"x@.py", b"x\0.py"), ROOM)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(kind: bytes) -> None:
    def edit(info: tarfile.TarInfo) -> None:
        info.type, info.linkname = kind, "/etc/passwd"

    with pytest.raises(InputError, match="link"):
        read_archive(tarred(("x", b""), edit=edit), ROOM)
    with pytest.raises(InputError, match="link"):
        read_archive(zip_link(), ROOM)


@pytest.mark.parametrize("pack", [zipped, lambda *e: gzip.compress(tarred(*e)), tarred])
def test_bombs_end_at_the_limit(pack: Callable[..., bytes]) -> None:
    with pytest.raises(RequestTooLargeError):
        read_archive(pack(("zeros", bytes(200_000))), ROOM)
    with pytest.raises(RequestTooLargeError):
        read_archive(pack(*((f"f{n}", bytes(60_000)) for n in range(3))), ROOM)
    with pytest.raises(RequestTooLargeError):
        read_archive(pack(*((f"f{n}", b"") for n in range(11))), ROOM)


def test_a_zip_that_lies_about_its_sizes_is_not_believed() -> None:
    data = bytearray(zipped(("zeros", bytes(500_000))))
    directory = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, directory + 24, 10)  # uncompressed size in the central directory
    struct.pack_into("<I", data, 22, 10)
    with pytest.raises(InputError):  # too large, or a wrong checksum: never half a megabyte
        read_archive(bytes(data), ROOM)


def test_a_gzip_bomb_stops_before_it_is_unpacked() -> None:
    with pytest.raises(RequestTooLargeError):
        read_archive(gzip.compress(bytes(50_000_000)), ROOM, "tar.gz")


def test_a_tar_header_that_promises_gigabytes_is_no_memory() -> None:
    data = bytearray(tarred(("x", b"data")))
    data[124:136] = b"77777777777\0"
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    with pytest.raises(InputError):
        read_archive(bytes(data), ROOM)


def test_the_same_path_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped(("a.py", b"1"), ("a.py", b"2"))
    with pytest.raises(InputError, match="twice"):
        read_archive(twice, ROOM)
    with pytest.raises(InputError, match="both a file and a folder"):
        read_archive(zipped(("a", b"1"), ("a/b", b"2")), ROOM).files()


def test_an_encrypted_zip_is_refused() -> None:
    data = bytearray(zipped(("a.py", b"x")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InputError, match="encrypted"):
        read_archive(bytes(data), ROOM)


@pytest.mark.parametrize("cut", [0, 1, 3, 20, 60, 100])
@pytest.mark.parametrize("format", ["zip", "tar", "tar.gz", None])
def test_broken_archives_are_input_errors(cut: int, format: str | None) -> None:
    whole = zipped(("a.py", b"x = 1\n"))
    with pytest.raises(InputError):
        read_archive(whole[:cut], ROOM, format).files()  # type: ignore[arg-type]
    with pytest.raises(InputError):
        read_archive(b"\x1f\x8b" + bytes(range(cut)), ROOM, format).files()  # type: ignore[arg-type]


def test_a_folder_packed_around_the_project_is_dropped_and_a_package_is_kept() -> None:
    packed = zipped(("shop-1.0/README.md", b""), ("shop-1.0/app.py", b""), ("shop-1.0/.git/config", b""))
    assert [f.path for f in read_archive(packed, ROOM).files()] == ["README.md", "app.py"]
    package = zipped(("shop/__init__.py", b""), ("shop/app.py", b""))
    assert [f.path for f in read_archive(package, ROOM).files()] == ["shop/__init__.py", "shop/app.py"]


def test_root_chooses_a_folder() -> None:
    packed = zipped(("a/x.py", b""), ("b/y.py", b""))
    assert [f.path for f in read_archive(packed, ROOM).files("b/")] == ["y.py"]
    with pytest.raises(InputError, match="no file"):
        read_archive(packed, ROOM).files("c")
    with pytest.raises(InputError):
        read_archive(packed, ROOM).files("../b")
