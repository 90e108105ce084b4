"""One byte sequence for one value, so that digests and signatures mean something."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from qlp.errors import CapsuleError
from qlp.models._base import Frozen


def canonical_json(value: Any) -> bytes:
    """UTF-8, keys sorted by code point, no white space, no NaN, one newline at the end.

    Raises CapsuleError for a number or a text that has no such form.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode() + b"\n"
    except ValueError as error:
        raise CapsuleError(f"this data has no canonical JSON form: {error}") from error


def canonical_model(model: Frozen) -> bytes:
    return canonical_json(model.model_dump(mode="json"))


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
