"""Whose signatures count: this installation's key, keys in `$QLP_HOME/keys/trusted/*.pem`, and keys named by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qlp.capsule.sign import PUBLIC_NAME
from qlp.errors import InputError, NotFoundError


@dataclass(frozen=True)
class Trust:
    """Trusted public keys, raw, each with the name that a report shows."""

    keys: Mapping[bytes, str] = field(default_factory=dict)

    @classmethod
    def load(cls, keys: Path, extra: Iterable[Path] = ()) -> Trust:
        """Keys of the folder `keys` (`$QLP_HOME/keys`) and those in the files `extra`; makes no key.

        Raises NotFoundError or InputError for a key file that is missing or cannot be read.
        """
        found: dict[bytes, str] = {}
        own = keys / PUBLIC_NAME
        if own.exists():
            found[read_public_key(own)] = "this installation"
        for path in (*sorted((keys / "trusted").glob("*.pem")), *extra):
            found.setdefault(read_public_key(path), path.name)
        return cls(keys=found)

    def name_of(self, public_key: bytes) -> str | None:
        return self.keys.get(public_key)


def read_public_key(path: Path) -> bytes:
    """32 raw bytes of an Ed25519 public key in PEM. Raises NotFoundError or InputError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no key file {path}") from error
    except OSError as error:
        raise InputError(f"cannot read the key file {path}: {error.strerror or error}") from error
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"{path} is not a public key in PEM form: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{path} is not an Ed25519 public key")
    return key.public_bytes_raw()
