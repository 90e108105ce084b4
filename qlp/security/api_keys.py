"""Random keys and their keyed hash (HMAC-SHA256, RFC 2104).

A key has 256 bits of entropy, so a fast hash is right; the pepper, which is not in the database, makes a stolen
database useless for checking guesses or forging rows.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

PREFIX_CHARS = 12


def new_key() -> tuple[str, str, str]:
    """(id, visible prefix, key)."""
    key = "qlp_" + secrets.token_urlsafe(32)
    return "key_" + secrets.token_hex(8), key[:PREFIX_CHARS], key


class Pepper:
    """The secret of the keyed hash."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def load(cls, home: Path) -> Pepper:
        """Read `home`/keys/pepper, making it (mode 0600) the first time."""
        file = home / "keys" / "pepper"
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = file.with_name(f"pepper.{os.getpid()}.{secrets.token_hex(4)}")
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(fd, "wb") as out:
                out.write(secrets.token_bytes(32))
                out.flush()
                os.fsync(out.fileno())
            # link, not rename: of two processes that start together the first one's pepper stays
            os.link(fresh, file)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        return cls(file.read_bytes())

    def digest(self, key: str) -> str:
        return hmac.new(self._secret, key.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
