from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import qlp
from qlp.capsule import CapsuleContents, Signer, Trust, build_capsule, check_capsule, verify_signature
from qlp.capsule.sign import PRIVATE_NAME, PUBLIC_NAME, public_pem
from qlp.errors import InputError, NotFoundError, StorageError

pytestmark = pytest.mark.unit

# RFC 8032, section 7.1, TEST 2.
RFC_SECRET = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
RFC_PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
RFC_SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_signatures_are_those_of_rfc_8032() -> None:
    signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(RFC_SECRET)))
    signature = signer.sign(b"\x72")
    assert signer.public_key.hex() == RFC_PUBLIC
    assert base64.b64decode(signature.signature).hex() == RFC_SIGNATURE
    assert verify_signature(signature, b"\x72")
    assert not verify_signature(signature, b"\x73")


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    keys = tmp_path / "home" / "keys"
    first, second = Signer.load(keys), Signer.load(keys)
    assert first.public_key == second.public_key
    assert stat.S_IMODE((keys / PRIVATE_NAME).stat().st_mode) == 0o600
    assert (keys / PUBLIC_NAME).read_bytes() == public_pem(first.public_key)
    assert sorted(p.name for p in keys.iterdir()) == sorted([PRIVATE_NAME, PUBLIC_NAME])


def test_a_lost_public_half_is_made_again(tmp_path: Path) -> None:
    signer = Signer.load(tmp_path)
    (tmp_path / PUBLIC_NAME).unlink()
    Signer.load(tmp_path)
    assert Trust.load(tmp_path).name_of(signer.public_key) == "this installation"


_RACER = """
import sys, time
from pathlib import Path
from qlp.capsule import Signer
print("ready", flush=True)
sys.stdin.readline()
print(Signer.load(Path(sys.argv[1])).public_key.hex(), flush=True)
"""


def test_processes_that_make_the_key_at_once_get_the_same(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(qlp.__file__).parents[1])}
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, str(tmp_path / "keys")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    keys = {racer.communicate(timeout=30)[0].strip() for racer in racers}
    assert keys == {Signer.load(tmp_path / "keys").public_key.hex()}
    assert sorted(p.name for p in (tmp_path / "keys").iterdir()) == sorted([PRIVATE_NAME, PUBLIC_NAME])


def test_who_loses_the_race_takes_the_winners_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    winner = Signer.load(tmp_path / "other")
    won = (tmp_path / "other" / PRIVATE_NAME).read_bytes()
    real_link = os.link

    def link(source: Path, target: Path) -> None:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(descriptor, won)
        os.close(descriptor)
        real_link(source, target)

    monkeypatch.setattr(os, "link", link)
    assert Signer.load(tmp_path / "keys").public_key == winner.public_key


@pytest.mark.parametrize("mode", [0o644, 0o620, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    Signer.load(tmp_path)
    (tmp_path / PRIVATE_NAME).chmod(mode)
    with pytest.raises(StorageError, match="chmod 600"):
        Signer.load(tmp_path)


def test_broken_and_foreign_key_files_are_refused_and_kept(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for data in (b"", b"garbage", other):
        path = tmp_path / PRIVATE_NAME
        path.write_bytes(data)
        path.chmod(0o600)
        with pytest.raises(StorageError, match="move it away"):
            Signer.load(tmp_path)
        assert path.read_bytes() == data


def test_a_place_that_cannot_hold_keys_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write"):
        Signer.load(tmp_path / "file" / "keys")


def test_trust_comes_from_this_installation_trusted_keys_and_named_files(
    tmp_path: Path, make_contents: Callable[[], CapsuleContents]
) -> None:
    own = Signer.load(tmp_path / "keys")
    friend = Signer(Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
    colleague = Signer(Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))
    (tmp_path / "keys" / "trusted").mkdir()
    (tmp_path / "keys" / "trusted" / "friend.pem").write_bytes(public_pem(friend.public_key))
    (tmp_path / "colleague.pem").write_bytes(public_pem(colleague.public_key))
    trust = Trust.load(tmp_path / "keys", extra=[tmp_path / "colleague.pem"])
    path = tmp_path / "c.zip"
    for signer, name in ((own, "this installation"), (friend, "friend.pem"), (colleague, "colleague.pem")):
        path.write_bytes(build_capsule(make_contents(), signer))
        report = check_capsule(path, trust=trust)
        assert (report.signature, report.key_name) == ("ok", name)
    assert check_capsule(path, trust=Trust.load(tmp_path / "keys")).signature == "unknown_key"


def test_by_default_the_keys_of_this_installation_are_trusted(
    tmp_path: Path, make_contents: Callable[[], CapsuleContents], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QLP_HOME", str(tmp_path))
    path = tmp_path / "c.zip"
    path.write_bytes(build_capsule(make_contents(), Signer.load(tmp_path / "keys")))
    assert check_capsule(path).signature == "ok"
    monkeypatch.setenv("QLP_HOME", str(tmp_path / "elsewhere"))
    assert check_capsule(path).signature == "unknown_key"
    assert not (tmp_path / "elsewhere").exists()


def test_key_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no\.pem"):
        Trust.load(tmp_path, extra=[tmp_path / "no.pem"])
    bad = tmp_path / "bad.pem"
    bad.write_text("hello")
    with pytest.raises(InputError, match="not a public key"):
        Trust.load(tmp_path, extra=[bad])
    bad.write_bytes(
        generate_private_key(SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(InputError, match="not an Ed25519"):
        Trust.load(tmp_path, extra=[bad])
