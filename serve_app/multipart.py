"""multipart/form-data (RFC 7578) of a body that is in memory already and no larger than the server's limit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qlp.errors import InputError

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))', re.IGNORECASE)
_NAME = re.compile(r'(?:^|[;\s])name="((?:[^"\\]|\\.)*)"')
_MOST_PARTS = 100


@dataclass(frozen=True)
class Part:
    name: str
    data: bytes

    def text(self) -> str:
        """Raises InputError."""
        try:
            return self.data.decode()
        except UnicodeDecodeError as error:
            raise InputError(f"the form's field {self.name!r} is no UTF-8 text") from error


def read_form(content_type: str, body: bytes) -> tuple[Part, ...]:
    """Raises InputError for what is no form."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise InputError("the form's Content-Type names no boundary")
    mark = b"--" + (found[1] or found[2]).encode("latin-1", "replace")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise InputError("the form breaks off, or its boundary is another one")
    if len(pieces) - 2 > _MOST_PARTS:
        raise InputError(f"the form has more than {_MOST_PARTS} parts")
    return tuple(_part(piece) for piece in pieces[1:-1])


def _part(piece: bytes) -> Part:
    head, blank, data = piece.partition(b"\r\n\r\n")
    for line in head.decode("latin-1").split("\r\n"):
        kind, _, value = line.partition(":")
        if kind.strip().lower() == "content-disposition" and (name := _NAME.search(value)) and blank:
            return Part(name[1], data)
    raise InputError("a part of the form has no name")
