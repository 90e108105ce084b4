"""Cuts a program of a language other than Python into tokens, well enough to tell code from comments and strings.

One lexicon a language. What no rule knows is skipped character by character: a wrong cut costs a mutant that does
not compile, which is not counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Token(NamedTuple):
    kind: str
    """word, number, string, op, newline."""
    text: str
    start: int
    end: int


class Lexicon(NamedTuple):
    comments: str
    """Regular expression of a comment; of preprocessor lines and attributes, too."""
    strings: str
    word: str = r"[A-Za-z_]\w*"
    regexes: bool = False
    """Whether `/` may begin a regular expression."""
    templates: bool = False
    """Whether a backtick begins a string in which `${...}` nests."""
    begins: str = ""
    """What precedes the first line of code (PHP)."""


_C_COMMENT = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_DOUBLE = r'"(?:\\.|[^"\\\n])*"'
_SINGLE = r"'(?:\\.|[^'\\\n])*'"
_CHAR = r"'(?:\\.[^'\n]{0,8}|[^'\\\n])'"
_HEREDOC = r"<<[~-]?(?P<q>['\"]?)(?P<h>[A-Za-z_]\w*)(?P=q)[^\n]*\n.*?^\s*(?P=h)\b"

LEXICONS: dict[str, Lexicon] = {
    "javascript": Lexicon(rf"{_C_COMMENT}|^\s*#![^\n]*", rf"{_DOUBLE}|{_SINGLE}", r"[A-Za-z_$][\w$]*", True, True),
    "go": Lexicon(_C_COMMENT, rf"{_DOUBLE}|`[^`]*`|{_CHAR}"),
    "java": Lexicon(_C_COMMENT, rf'"""(?:\\.|.)*?"""|{_DOUBLE}|{_CHAR}'),
    "rust": Lexicon(
        rf"{_C_COMMENT}|#!?\[[^\]\n]*\]",
        rf'b?r(?P<n>#*)"(?:.*?)"(?P=n)|b?"(?:\\.|[^"\\])*"|b?{_CHAR}',
        r"'?[A-Za-z_]\w*!?",
    ),
    "c": Lexicon(
        rf"{_C_COMMENT}|^[ \t]*#(?:\\\n|[^\n])*",
        rf'(?:u8|[uUL])?R"(?P<d>[^\s()\\]{{0,16}})\(.*?\)(?P=d)"|(?:u8|[uUL])?{_DOUBLE}|[uUL]?{_CHAR}',
    ),
    "c#": Lexicon(
        rf"{_C_COMMENT}|^[ \t]*#[^\n]*",
        rf'"""+.*?"""+|(?:\$@|@\$?)"(?:""|[^"])*"|\$?{_DOUBLE}|{_CHAR}',
        r"@?[A-Za-z_]\w*",
    ),
    "ruby": Lexicon(
        r"#[^\n]*|^=begin\b.*?^=end\b[^\n]*|^__END__.*",
        rf"{_HEREDOC}|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|%[wiqQWI]?(?:\([^)]*\)|\[[^\]]*\]|\{{[^}}]*\}})|:\w+[?!]?",
        r"[@$]{0,2}[A-Za-z_]\w*[?!]?(?!=[^=])|[@$]{0,2}[A-Za-z_]\w*",
        regexes=True,
    ),
    "php": Lexicon(
        rf"{_C_COMMENT}|#(?!\[)[^\n]*|\?>.*?(?:<\?php|\Z)",
        r"<<<\s*(?P<q>['\"]?)(?P<h>\w+)(?P=q)[^\n]*\n.*?^\s*(?P=h)\b|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'",
        r"\$?[A-Za-z_]\w*",
        begins="<?php",
    ),
    "bash": Lexicon(
        r"(?<![\w$\{\\])#[^\n]*",
        rf"{_HEREDOC}|\$?'[^']*'|\"(?:\\.|[^\"\\])*\"",
        r"\$?-[a-z]{1,2}\b|\$?\{?[A-Za-z_]\w*\}?",
    ),
}

SUFFIXES: dict[str, str] = {
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".ts": "javascript", ".mts": "javascript", ".cts": "javascript", ".tsx": "javascript",
    ".go": "go", ".java": "java", ".rs": "rust", ".cs": "c#", ".rb": "ruby", ".php": "php",
    ".c": "c", ".h": "c", ".cc": "c", ".cpp": "c", ".cxx": "c", ".hpp": "c", ".hh": "c",
    ".sh": "bash", ".bash": "bash",
}  # fmt: skip

_NUMBER = r"(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)\w*"
_OP = (
    r"===|!==|>>>=|<=>|\*\*=|\.\.\.|&&=|\|\|=|\?\?=|<<=|>>=|==|!=|<=|>=|&&|\|\||\?\?|\?\.|\+\+|--|\+=|-=|\*=|/=|%=|"
    r"->|=>|<-|<<|\*\*|::|:=|=~|!~|\.\.|[-+*/%<>=!&|^~?:;,.(){}\[\]@]"
)
_REGEX = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+/[a-z]*")
_BEFORE_REGEX = {"return", "typeof", "case", "in", "of", "if", "and", "or", "not", "when", "unless", "puts", "yield"}
_SPACE = re.compile(r"[ \t\f\v\r]+|\\\r?\n")


def tokens(source: str, language: str) -> list[Token]:
    lexicon = LEXICONS[language]
    begin = source.find(lexicon.begins) + len(lexicon.begins) if lexicon.begins else 0
    if begin < len(lexicon.begins):
        return []
    return list(_tokens(source, language, lexicon, begin, len(source)))


def _tokens(source: str, language: str, lexicon: Lexicon, at: int, stop: int) -> Iterator[Token]:
    comment = re.compile(lexicon.comments, re.S | re.M)
    rules = re.compile(
        rf"(?P<string>{lexicon.strings})|(?P<number>{_NUMBER})|(?P<word>{lexicon.word})|(?P<newline>\n)|(?P<op>{_OP})",
        re.S | re.M,
    )
    last: Token | None = None
    while at < stop:
        skipped = _SPACE.match(source, at, stop) or comment.match(source, at, stop)
        if skipped and skipped.end() > at:
            at = skipped.end()
            continue
        if lexicon.templates and source[at] == "`":
            last = Token("string", "`", at, end := _template_end(source, at + 1))
            yield last
            at = end
            continue
        if lexicon.regexes and source[at] == "/" and _may_be_regex(last):
            pattern = _REGEX.match(source, at, stop)
            if pattern:
                last = Token("string", pattern.group(), at, pattern.end())
                yield last
                at = pattern.end()
                continue
        found = rules.match(source, at, stop)
        if not found:
            at += 1
            continue
        token = Token(str(found.lastgroup), found.group(), at, found.end())
        if found["string"] is not None:
            token = token._replace(kind="string")
            if language == "bash" and token.text.startswith('"'):
                yield from _arithmetic_in(source, token, lexicon)
        yield token
        last = token if token.kind != "newline" else last
        at = found.end()


def _arithmetic_in(source: str, token: Token, lexicon: Lexicon) -> Iterator[Token]:
    """`$((...))` inside a double-quoted string of bash is code."""
    for found in re.compile(r"\$\(\(([^()\"]*)\)\)").finditer(source, token.start, token.end):
        start, end = found.span(1)
        yield Token("op", "((", start - 2, start)
        yield from _tokens(source, "", lexicon, start, end)
        yield Token("op", "))", end, end + 2)


def _may_be_regex(last: Token | None) -> bool:
    if last is None:
        return True
    if last.kind == "word":
        return last.text in _BEFORE_REGEX
    return last.kind == "op" and last.text not in (")", "]", "}", "++", "--")


def _template_end(source: str, at: int) -> int:
    """Just after the backtick that closes a template; code in `${...}` is skipped with it."""
    depth = 0
    while at < len(source):
        sign = source[at]
        if sign == "\\":
            at += 1
        elif depth == 0 and sign == "`":
            return at + 1
        elif source.startswith("${", at):
            depth += 1
            at += 1
        elif depth and sign == "{":
            depth += 1
        elif depth and sign == "}":
            depth -= 1
        elif depth and sign == "`":
            at = _template_end(source, at + 1) - 1
        at += 1
    return len(source)
