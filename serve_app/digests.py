"""ETag and Repr-Digest of bytes that are downloaded."""

from __future__ import annotations

import base64


def digest_headers(sha256: bytes) -> dict[str, str]:
    """`Repr-Digest` is RFC 9530's."""
    return {"ETag": f'"{sha256.hex()}"', "Repr-Digest": f"sha-256=:{base64.b64encode(sha256).decode()}:"}


def known(if_none_match: str | None, etag: str) -> bool:
    """Whether the client has it already."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag in {t.strip().removeprefix("W/") for t in if_none_match.split(",")}
