"""The engine's HTTP API against an engine that answers what the test says."""

import datetime
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qlp.errors import SandboxUnavailableError
from qlp.sandbox.engine_calls import Engine, EngineRefusal

pytestmark = pytest.mark.unit

UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
Answer = Callable[[socket.socket], None]


@pytest.fixture
def engine() -> Iterator[Callable[..., Engine]]:
    """Makes an engine whose every connection is answered by a function, in a thread."""
    threads: list[threading.Thread] = []

    def make(answer: Answer, wrap: Callable[[socket.socket, bool], socket.socket] = lambda s, _: s) -> Engine:
        def dial() -> socket.socket:
            near, far = socket.socketpair()
            near.settimeout(5)
            far.settimeout(5)

            def serve() -> None:
                with wrap(far, True) as connection:
                    head = b""
                    while b"\r\n\r\n" not in head:
                        head += connection.recv(4096)
                    answer(connection)

            threads.append(threading.Thread(target=serve))
            threads[-1].start()
            return wrap(near, False)

        return Engine(dial, "unix:///fake")

    yield make
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def reply(status: str, body: object) -> bytes:
    data = json.dumps(body).encode()
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def test_what_came_with_the_head_is_the_streams(engine: Callable[..., Engine]) -> None:
    """The engine may send the first output in the same packet: not a byte of it may be read with the head."""
    connection = engine(lambda s: s.sendall(UPGRADED + b"first\r\n\r\noutput")).attach("x")
    connection.settimeout(5)
    data = b""
    while more := connection.recv(100):
        data += more
    assert data == b"first\r\n\r\noutput"
    connection.close()


def test_a_head_in_pieces(engine: Callable[..., Engine]) -> None:
    def answer(s: socket.socket) -> None:
        for byte in UPGRADED + b"z":
            s.sendall(bytes([byte]))

    connection = engine(answer).attach("x")
    connection.settimeout(5)
    assert connection.recv(100) == b"z"
    connection.close()


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 409 Conflict\r\n\r\n", b"", b"nonsense\r\n\r\n", b"HTTP/1.1 101 UPGR", b"\r\n\r\n"]
)
def test_an_engine_that_does_not_attach_is_unavailable(engine: Callable[..., Engine], said: bytes) -> None:
    with pytest.raises(SandboxUnavailableError):
        engine(lambda s: s.sendall(said)).attach("x")


@pytest.mark.parametrize(
    "said",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", b"\0\0\0\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{"],
    ids=["silence", "cut", "no http", "no json"],
)  # fmt: skip
def test_half_answers_are_an_engine_that_is_away(engine: Callable[..., Engine], said: bytes) -> None:
    with pytest.raises(SandboxUnavailableError, match=r"start-docker\.sh"):
        engine(lambda s: s.sendall(said)).version()


def test_a_refusal_keeps_its_status_and_is_short(engine: Callable[..., Engine]) -> None:
    with pytest.raises(EngineRefusal) as caught:
        engine(lambda s: s.sendall(reply("500 No", {"message": "why " * 10_000}))).info()
    assert caught.value.status == 500
    assert len(str(caught.value)) < 1000


def test_an_image_that_is_not_there(engine: Callable[..., Engine]) -> None:
    assert engine(lambda s: s.sendall(reply("404 Not Found", {"message": "no such image"}))).image("x:1") is None


def test_images_of_podman_have_their_short_names_too(engine: Callable[..., Engine]) -> None:
    listed = [{"RepoTags": ["localhost/qlp/python:1"]}, {"RepoTags": None, "RepoDigests": ["a@sha256:1"]}]
    names = engine(lambda s: s.sendall(reply("200 OK", listed))).images()
    assert {"qlp/python:1", "localhost/qlp/python:1", "a@sha256:1"} <= set(names)


def test_through_tls_the_stream_is_pumped(engine: Callable[..., Engine], tmp_path: Path) -> None:
    """8 MB out and back, more than any buffer, both ways at once; then the end is passed on."""
    size = 8 << 20
    certificate = self_signed(tmp_path)

    def wrap(raw: socket.socket, server: bool) -> socket.socket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        if server:
            context.load_cert_chain(certificate)
        else:
            context.load_verify_locations(certificate)
        return context.wrap_socket(raw, server_side=server, server_hostname=None if server else "engine")

    def echo(s: socket.socket) -> None:
        s.sendall(UPGRADED)
        left = size
        while left:
            data = s.recv(min(left, 65536))
            s.sendall(data)
            left -= len(data)

    connection = engine(echo, wrap).attach("x")
    assert not isinstance(connection, ssl.SSLSocket), "a descriptor that another process can use"
    connection.settimeout(20)
    sent = bytes(range(256)) * (size // 256)
    writer = threading.Thread(target=connection.sendall, args=(sent,))
    writer.start()
    back = bytearray()
    while more := connection.recv(1 << 16):
        back += more
    writer.join(10)
    assert bytes(back) == sent
    connection.close()


def self_signed(folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "engine")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("engine")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "pair.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file
