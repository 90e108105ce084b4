"""Runs in the sandbox: checkstyle over files in which what its grammar lacks is blanked out, at the same places.

    java_style.py COMMAND ... -- FILE ...

The checkstyle of the image knows Java up to records and patterns of instanceof, not the modifiers of sealed types. They
become blanks in a copy, which keeps lines and columns; other files are read where they are.
"""

from __future__ import annotations

import os
import re
import sys

COPIES = ".qlp/style"
SEALED = re.compile(
    r"\b(?:non-)?sealed(?=\s+(?:(?:public|abstract|static|strictfp)\s+)*(?:class|interface)\b)|\bpermits\s[^{]*"
)


def readable(path: str) -> str:
    with open(path, encoding="utf-8", newline="") as handle:
        text = handle.read()
    plain = SEALED.sub(lambda found: re.sub(r"[^\r\n]", " ", found[0]), text)
    if plain == text:
        return path
    copy = os.path.join(COPIES, path)
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    with open(copy, "w", encoding="utf-8", newline="") as handle:
        handle.write(plain)
    return copy


at = sys.argv.index("--")
command, files = sys.argv[1:at], sys.argv[at + 1 :]
os.execvp(command[0], [*command, *map(readable, files)])
