"""The words and signs that changes are made of, all languages but Python together."""

from __future__ import annotations

COMPARE = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",), "===": ("!==",), "!==": ("===",),
}  # fmt: skip
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*", "+=": "-=", "-=": "+=", "*=": "/="}
LOGIC = {"&&": "||", "||": "&&", "and": "or", "or": "and"}
BASH_TESTS = {
    "-eq": "-ne", "-ne": "-eq", "-lt": "-le", "-le": "-lt", "-gt": "-ge", "-ge": "-gt", "-z": "-n", "-n": "-z",
}  # fmt: skip
BOOLEAN = {"true": "false", "false": "true", "TRUE": "FALSE", "FALSE": "TRUE"}
NOTHING = {"javascript": "undefined", "ruby": "nil", "php": "null"}
"""What a function may return in place of its value, where no compiler asks for a type."""
KEYWORDS = {
    "assert", "async", "await", "begin", "break", "case", "catch", "class", "const", "constructor", "continue",
    "def", "defer", "delete", "do", "echo", "elif", "else", "elsif", "end", "ensure", "enum", "export", "extern",
    "finally", "fn", "for", "foreach", "func", "function", "go", "goto", "if", "impl", "import", "in", "include",
    "interface", "let", "loop", "match", "mod", "module", "namespace", "new", "not", "of", "package", "private",
    "protected", "public", "raise", "require", "require_relative", "rescue", "return", "select", "source", "static",
    "struct", "super", "switch", "then", "throw", "try", "type", "typeof", "unless", "until", "use", "using", "var",
    "when", "while", "with", "yield",
}  # fmt: skip
DECLARES = {
    "import", "include", "mod", "namespace", "package", "require", "require_relative", "source", "use", "using",
}  # fmt: skip
"""A line that begins with one of these holds no behaviour."""
QUIET = {
    "console", "debug", "eprintln!", "fmt", "log", "logger", "logging", "println!", "set", "slog", "tracing",
}  # fmt: skip
"""What is said to a log is no behaviour that a test has to hold."""
TYPES = {
    "byte", "char", "const", "double", "float", "int", "long", "mut", "short", "string", "struct", "unsigned",
    "void",
}  # fmt: skip
"""Before `*` these make a pointer."""
HEADERS = {"ruby": "def", "go": "func", "rust": "fn"}
"""Keyword before a function's name, where that is easier to follow than braces."""
PAIRS = {"(": ")", "[": "]", "{": "}"}
