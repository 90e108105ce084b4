"""Lists of paths that are too long for one command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

ARGV_BYTES = 98_304
"""Bytes of paths given to one command: well below Linux's 2 MiB for arguments and environment together, so that
programs which hand their arguments on to others in one string (128 KiB at most) still can."""


def chunks(paths: Sequence[str], most: int = ARGV_BYTES) -> Iterator[tuple[str, ...]]:
    """The paths in order, in pieces of at most `most` bytes; one path at least each. Nothing for no paths."""
    piece: list[str] = []
    size = 0
    for path in paths:
        length = len(path.encode("utf-8", "surrogatepass")) + 1
        if piece and size + length > most:
            yield tuple(piece)
            piece, size = [], 0
        piece.append(path)
        size += length
    if piece:
        yield tuple(piece)
