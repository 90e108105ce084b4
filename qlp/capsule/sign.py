"""The signer's key and signatures: Ed25519 (RFC 8032).

The private key lies in `$QLP_HOME/keys/capsule-ed25519.pem` (PKCS 8, mode 0600), its public half beside it in
`capsule-ed25519.pub.pem`; both are made on first use.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from qlp.capsule.atomic import complete_file, storage_error, sync_folder, write_atomically
from qlp.errors import CapsuleError, StorageError
from qlp.models.capsule import Signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PRIVATE_NAME = "capsule-ed25519.pem"
PUBLIC_NAME = "capsule-ed25519.pub.pem"
_TOO_OPEN = stat.S_IWGRP | stat.S_IRWXO


class Signer:
    """Signs with one private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw()
        """32 raw bytes."""
        self.key_id = key_id(self.public_key)

    @classmethod
    def load(cls, keys: Path) -> Signer:
        """The key in the folder `keys`; made if there is none, also when several processes ask at once.

        Raises StorageError if it cannot be read or written, is no Ed25519 key, or others may read it.
        """
        path = keys / PRIVATE_NAME
        if not path.exists():
            _create(path)
        signer = cls(_load(path))
        public = keys / PUBLIC_NAME
        pem = public_pem(signer.public_key)
        if not public.exists() or public.read_bytes() != pem:
            write_atomically(public, pem)
        return signer

    def sign(self, message: bytes) -> Signature:
        return Signature(
            public_key=base64.b64encode(self.public_key).decode(),
            key_id=self.key_id,
            signature=base64.b64encode(self._key.sign(message)).decode(),
        )


def key_id(public_key: bytes) -> str:
    """First 16 hex digits of the sha256 of the 32 raw bytes."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def raw_public_key(signature: Signature) -> bytes:
    """Raises CapsuleError if it is not base64."""
    try:
        return base64.b64decode(signature.public_key, validate=True)
    except binascii.Error as error:
        raise CapsuleError(f"the public key in the signature is malformed: {error}") from error


def verify_signature(signature: Signature, message: bytes) -> bool:
    """Whether the key in `signature` signed `message`. That says nothing about whose key it is: see trust.py."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = raw_public_key(signature)
        if signature.key_id != key_id(public):
            return False
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature.signature, validate=True), message)
    except (InvalidSignature, ValueError, CapsuleError):
        return False
    return True


def public_pem(public_key: bytes) -> bytes:
    """SubjectPublicKeyInfo in PEM, as openssl reads it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(public_key).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _create(path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise storage_error(error, path, len(pem)) from error
    with complete_file(path, pem, mode=0o600) as temp:
        try:
            # A link fails where a rename would replace the key that another process has just made.
            os.link(temp, path)
        except FileExistsError:
            return
        sync_folder(path.parent)


def _load(path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        mode = path.stat().st_mode
        if mode & _TOO_OPEN:
            raise StorageError(f"others may read or change the signing key {path}: run `chmod 600 {path}`")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise StorageError(f"cannot read the signing key {path}: {error.strerror or error}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StorageError(
            f"{path} is not a readable Ed25519 key ({error}); restore it, or move it away and a new one is made"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StorageError(f"{path} is not an Ed25519 key; move it away and a new one is made")
    return key
