"""What may be asked for as a dependency, and which hosts are reached."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest

from qlp.errors import InputError
from qlp.sandbox import allowlist, dependencies, profiles

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "line",
    ["numpy", "numpy>=2,<3", "uvicorn[standard]==0.54.0 ; python_version > '3.8'", "# a comment", "", "x==1  # why",
     "x==1 \\\n    --hash=sha256:" + "0" * 64],
)  # fmt: skip
def test_plain_requirements_are_taken(line: str) -> None:
    assert dependencies.plain("python", f"{line}\nattrs\n").endswith("attrs\n")


@pytest.mark.parametrize(
    "line",
    ["-e .", ".", "./dir", "/abs/x.whl", "git+https://example.org/x", "x @ https://example.org/x.whl", "x @ file:///x",
     "--index-url https://example.org", "--find-links /tmp", "-r other.txt", "https://example.org/x.tar.gz",
     "--no-binary :all:", "x --global-option=build"],
)  # fmt: skip
def test_what_could_run_code_or_leave_the_index_is_refused(line: str) -> None:
    with pytest.raises(InputError):
        dependencies.plain("python", f"attrs\n{line}\n")


def test_what_pip_gets_is_written_anew() -> None:
    """pip does not continue a comment line and would read `-e .` here."""
    text = "# a comment \\\n-e .\nNumPy [x] >=2 ; python_version>'3' # why\nx==1 \\\n --hash=sha256:ab12\n"
    assert dependencies.plain("python", text) == ('NumPy[x]>=2; python_version > "3"\nx==1 --hash=sha256:ab12\n')


@pytest.mark.parametrize("spec", ["^1.2.3", "*", "", "latest", "1.x || >=2.5.0 <3", "npm:other@^1"])
def test_plain_packages_are_taken(spec: str) -> None:
    dependencies.plain("node", json.dumps({"dependencies": {"x": spec}}))


@pytest.mark.parametrize(
    "spec", ["file:../x", "git+ssh://a/b", "github:a/b", "a/b", "https://a/b.tgz", "link:x", "workspace:*", 7, None]
)
@pytest.mark.parametrize(
    "section", ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides"]
)
def test_packages_from_elsewhere_are_refused(section: str, spec: object) -> None:
    with pytest.raises(InputError, match="x"):
        dependencies.plain("node", json.dumps({section: {"x": spec}}))


def test_a_lock_file_names_packages_of_registries_only() -> None:
    good = {
        "": {"name": "me"},
        "node_modules/x": {"version": "1.0.0", "resolved": "https://registry.example.org/x.tgz"},
    }
    dependencies.check_lock(json.dumps({"packages": good}))
    for bad in (
        {"link": True, "resolved": "../x"},
        {"resolved": "git+ssh://git@example.org/x"},
        {"resolved": "file:x"},
    ):
        with pytest.raises(InputError):
            dependencies.check_lock(json.dumps({"packages": {**good, "node_modules/y": bad}}))


@pytest.mark.parametrize("text", ["", "[]", '{"dependencies": []}', '{"dependencies": {"x": {}}}', "{"])
def test_a_broken_package_json_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError):
        dependencies.plain("node", text)


def test_the_kind_is_told_by_the_files_name() -> None:
    kinds = [dependencies.kind_of(Path(name)) for name in ("a/requirements-dev.txt", "package.json", "go.mod")]
    assert kinds == ["python", "node", "go"]
    with pytest.raises(InputError, match=r"setup\.py"):
        dependencies.kind_of(Path("setup.py"))


@pytest.mark.parametrize("name", ["python", "c", "ruby", "c++", "", "../x", "A", "x" * 64, ".x", "a b"])
def test_names_that_a_profile_may_not_have(name: str) -> None:
    with pytest.raises(InputError):
        profiles.check_name(name)
    assert profiles.check_name("my-numpy_2.0") == "my-numpy_2.0"


def test_a_record_comes_back_and_a_broken_one_is_named(tmp_path: Path) -> None:
    record = profiles.AddedProfile(name="x", kind="python", base="python", source="r.txt", digest="0", env={"A": "b"})
    file = profiles.record_path("x", tmp_path)
    file.parent.mkdir(parents=True)
    file.write_text(record.model_dump_json())
    assert profiles.added("x", tmp_path) == record
    assert profiles.image_profile("x", tmp_path) == "x"
    assert profiles.environment("x", tmp_path)["PATH"].startswith("/opt/qlp/deps/bin:/opt/qlp/python/bin:")
    assert profiles.environment("x", tmp_path)["A"] == "b"
    assert profiles.profile_python("x", tmp_path) == ("python3",)
    file.write_text("{")
    with pytest.raises(profiles.SandboxUnavailableError, match=r"x\.json"):
        profiles.added("x", tmp_path)


def _ask(proxy: str, request: bytes) -> socket.socket:
    host, _, port = proxy.removeprefix("http://").partition(":")
    near = socket.create_connection((host, int(port)), timeout=10)
    near.sendall(request)
    return near


def test_only_listed_hosts_are_reached() -> None:
    far = socket.create_server(("127.0.0.1", 0))
    port = far.getsockname()[1]

    def echo() -> None:
        connection, _ = far.accept()
        with connection:
            connection.sendall(connection.recv(100).upper())

    thread = threading.Thread(target=echo, daemon=True)
    thread.start()
    with allowlist.allow_only((f"127.0.0.1:{port}", "pypi.org")) as (env, refused):
        proxy = env["HTTPS_PROXY"]
        for target in ("evil.example:443", "pypi.org:80", "pypi.org.evil.example:443", "127.0.0.1:1"):
            with _ask(proxy, f"CONNECT {target} HTTP/1.1\r\n\r\n".encode()) as near:
                assert near.recv(100).startswith(b"HTTP/1.1 403")
        with _ask(proxy, b"GET http://pypi.org/simple HTTP/1.1\r\n\r\n") as near:
            assert near.recv(100).startswith(b"HTTP/1.1 403")
        assert "evil.example" in refused
        with _ask(proxy, f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: x\r\n\r\n".encode()) as near:
            assert near.recv(100).startswith(b"HTTP/1.1 200")
            near.sendall(b"abc")
            assert near.recv(100) == b"ABC"
    thread.join(10)
    far.close()
    with pytest.raises(OSError, match=r"refused|reset"):
        _ask(proxy, b"x").recv(1)
