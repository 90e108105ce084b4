"""Which grammar and which lowering a file has."""

from __future__ import annotations

from .lower.base import Lower
from .lower.bash import BashLower
from .lower.c import CLower
from .lower.csharp import CSharpLower
from .lower.go import GoLower
from .lower.java import JavaLower
from .lower.javascript import JavaScriptLower
from .lower.php import PhpLower
from .lower.python import PythonLower
from .lower.ruby import RubyLower
from .lower.rust import RustLower

LOWER: dict[str, type[Lower]] = {
    c.language: c
    for c in (
        BashLower, CLower, CSharpLower, GoLower, JavaLower, JavaScriptLower, PhpLower, PythonLower, RubyLower,
        RustLower,
    )
}  # fmt: skip

_SUFFIXES: dict[str, tuple[str, str]] = {
    "py": ("python", "python"),
    "pyw": ("python", "python"),
    "js": ("javascript", "javascript"),
    "mjs": ("javascript", "javascript"),
    "cjs": ("javascript", "javascript"),
    "jsx": ("javascript", "javascript"),
    "ts": ("typescript", "javascript"),
    "mts": ("typescript", "javascript"),
    "cts": ("typescript", "javascript"),
    "tsx": ("tsx", "javascript"),
    "java": ("java", "java"),
    "php": ("php", "php"),
    "phtml": ("php", "php"),
    "go": ("go", "go"),
    "rb": ("ruby", "ruby"),
    "rake": ("ruby", "ruby"),
    "c": ("c", "c"),
    "h": ("cpp", "c"),
    "cc": ("cpp", "c"),
    "cpp": ("cpp", "c"),
    "cxx": ("cpp", "c"),
    "hpp": ("cpp", "c"),
    "hh": ("cpp", "c"),
    "cs": ("csharp", "csharp"),
    "rs": ("rust", "rust"),
    "sh": ("bash", "bash"),
    "bash": ("bash", "bash"),
}


def grammar_of(path: str) -> tuple[str, str]:
    """(grammar, language of the rules); empty for a file that no rule is for."""
    name = path.rsplit("/", 1)[-1]
    return _SUFFIXES.get(name.rsplit(".", 1)[-1].lower(), ("", "")) if "." in name else ("", "")
