"""The first look at a request: what cannot be served is said here, before anything is spent."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from qlp.config import RunSettings
from qlp.errors import InputError, RequestTooLargeError
from qlp.models import Request

_MAX_TEST_FILES = 50
_MAX_TEST_BYTES = 1_048_576


def admit(request: Request, settings: RunSettings, *, home: Path | None = None) -> Request:
    """The request with its text normalised (NFC, no control characters). Raises InputError.

    `home`: where an operator's policies are, by default `$QLP_HOME`.
    """
    text = unicodedata.normalize("NFC", request.text).strip()
    if not text:
        raise InputError("the request is empty: say in a sentence what to build")
    if len(text) > settings.max_request_chars:
        raise RequestTooLargeError(
            f"the request has {len(text):,} characters, at most {settings.max_request_chars:,} are read: "
            "say what to build in fewer words",
            limit=settings.max_request_chars,
        )
    control = sum(unicodedata.category(c) in ("Cc", "Cs", "Co") and c not in "\n\r\t" for c in text)
    if control > max(3, len(text) // 100):
        raise InputError("the request looks like binary data, not text: say in plain language what to build")
    if not any(c.isalpha() for c in text):
        raise InputError("the request has no words: say in a sentence what to build")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Co")).strip()
    if len(request.tests) > _MAX_TEST_FILES or sum(len(t) for t in request.tests.values()) > _MAX_TEST_BYTES:
        raise RequestTooLargeError(f"at most {_MAX_TEST_FILES} test files and 1 MiB of tests are taken")
    for path in request.tests:
        check_path(path)
    if request.policy is not None:
        check_policy(request.policy, home)
    return request.model_copy(update={"text": text})


def check_policy(name: str, home: Path | None = None) -> None:
    """Raises InputError for a policy that there is not. Requests name one; only an operator points at files."""
    from qlp.validation.policy import load_policy

    if "/" in name or name.endswith(".toml"):
        raise InputError(
            f"a request names its policy, such as `production`; put the file {name[:80]!r} into $QLP_HOME/policies"
        )
    load_policy(name, home)


def check_path(path: str) -> None:
    """Raises InputError unless `path` stays inside a project on any system."""
    parts = path.split("/")
    if (
        not path
        or len(path) > 240
        or path.startswith(("/", "~"))
        or "\\" in path
        or any(p in ("", ".", "..") for p in parts)
        or any(ord(c) < 32 or c in ':*?"<>|' for c in path)
    ):
        raise InputError(f"{path!r} is not a relative file path inside the project")
