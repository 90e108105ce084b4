"""What a source file offers, without how it does it: its declarations, one line each.

For the author of tests, who must not see the implementation. Read line by line with patterns and not with a parser:
the file is generated, and nothing here has to be exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from qlp.models import ProjectLanguage, SourceFile

_PATTERNS: dict[ProjectLanguage, re.Pattern[str]] = {
    "python": re.compile(r"(?:    )?(?:async def|def|class) (?!_[^_])\w.*|[A-Z][A-Z0-9_]*\b *(?::[^=]*)?="),
    "javascript": re.compile(r"export\b.*|module\.exports\b.*|exports\.\w+ *="),
    "typescript": re.compile(r"export\b.*"),
    "go": re.compile(r"(?:func(?: \([^)]*\))? [A-Z]\w*|type [A-Z]\w*|package )\S*.*"),
}
_LINES = 200
_CHARS = 240


def outline(file: SourceFile, language: ProjectLanguage) -> str:
    """Declarations of one file, at most 200 lines; nothing for a language in which no code is generated."""
    if language not in _PATTERNS:
        return ""
    lines = (line for line in file.content.splitlines() if len(line) <= 2000)
    found = (m[0] for line in lines if (m := _PATTERNS[language].match(line)))
    return "\n".join(_cut(text, language) for _, text in zip(range(_LINES), found, strict=False))


def outlines(files: Iterable[SourceFile], language: ProjectLanguage) -> tuple[SourceFile, ...]:
    """The same files with their declarations alone; files that declare nothing are left out."""
    made = (SourceFile(path=f.path, content=outline(f, language)) for f in files if f.encoding == "utf-8")
    return tuple(f for f in made if f.content)


def _cut(text: str, language: ProjectLanguage) -> str:
    """Up to where the body begins."""
    if language == "python":
        text = re.sub(r":\s*(?:return|pass|\.\.\.|yield|raise)\b.*$", ":", text)
    else:
        text = text.split("=>", 1)[0].split("{", 1)[0] if not text.startswith("export {") else text
    return text[:_CHARS].rstrip(" {=")
