"""Changes of a Python file, exact by its syntax tree."""

from __future__ import annotations

import ast
import io
import tokenize
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from .mutant import Mutant

_COMPARE = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.In: ("in", ("not in",)),
    ast.Is: ("is", ("is not",)),
}
_ARITHMETIC = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "+"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
_TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_QUIET = {"log", "logger", "logging", "_log", "_logger", "warnings"}
"""What is said to a log is no behaviour that a test has to hold."""


class _Text:
    """The source with offsets: a tree counts bytes in a line, a text counts characters."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._lines = io.StringIO(source, newline="").readlines()
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def offset(self, line: int, byte: int) -> int:
        text = self._lines[line - 1]
        return self._starts[line - 1] + (byte if text.isascii() else len(text.encode()[:byte].decode()))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def at(self, line: int, column: int) -> int:
        """`column` in characters, as tokenize counts."""
        return self._starts[line - 1] + column

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class _Walk(ast.NodeVisitor):
    def __init__(self, text: _Text, operators: list[tuple[int, int, str]]) -> None:
        self._text = text
        self._operators = operators
        self._positions = [start for start, _, _ in operators]
        self._function = ""
        self.found: list[Mutant] = []

    def _add(self, start: int, end: int, new: str, operator: str) -> None:
        original = self._text.source[start:end]
        self.found.append(Mutant(start, end, original, new, operator, *self._text.place(start), self._function))

    def _operator(self, after: int, before: int, sign: str) -> tuple[int, int] | None:
        """Where an operator stands between two operands."""
        for start, end, found in self._operators[bisect_left(self._positions, after) :]:
            if end > before:
                return None
            if found == sign:
                return start, end
        return None

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outer, self._function = self._function, f"{self._function}.{node.name}"
        for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
            self.visit(default)
        for statement in node.body:
            self.visit(statement)
        self._function = outer

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        outer, self._function = self._function, f"{self._function}.{node.name}"
        for statement in node.body:
            self.visit(statement)
        self._function = outer

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        names = {t.id for t in node.targets if isinstance(t, ast.Name)}
        if not any(n.startswith("__") and n.endswith("__") for n in names):
            self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        if _is_main(node.test) or _is_type_checking(node.test):
            return
        self._negate(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._negate(test)
        self.generic_visit(node)

    def _negate(self, test: ast.expr) -> None:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            start, end = self._text.span(test)
            inner, _ = self._text.span(test.operand)
            if self._text.source[start:inner].strip() == "not":
                self._add(start, end, self._text.source[inner:end], "negate")
        elif not isinstance(test, ast.Compare | ast.NamedExpr | ast.Constant):
            start, end = self._text.span(test)
            self._add(start, end, f"(not ({self._text.source[start:end]}))", "negate")

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, sign, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            known = _COMPARE.get(type(sign))
            place = known and self._operator(self._text.span(left)[1], self._text.span(right)[0], known[0])
            if known and place:
                for new in known[1]:
                    self._add(*place, new, "compare")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        sign, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            place = self._operator(self._text.span(left)[1], self._text.span(right)[0], sign)
            if place:
                self._add(*place, new, "logic")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        known = _ARITHMETIC.get(type(node.op))
        if known and not any(_is_text(side) for side in (node.left, node.right)):
            place = self._operator(self._text.span(node.left)[1], self._text.span(node.right)[0], known[0])
            if place:
                self._add(*place, known[1], "arithmetic")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        known = _ARITHMETIC.get(type(node.op))
        if known and not _is_text(node.value):
            sign = f"{known[0]}="
            place = self._operator(self._text.span(node.target)[1], self._text.span(node.value)[0], sign)
            if place:
                self._add(*place, f"{known[1]}=", "arithmetic")
        self.visit(node.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        start, end = self._text.span(node)
        if isinstance(node.value, bool):
            self._add(start, end, str(not node.value), "boolean")
        elif isinstance(node.value, int) and self._text.source[start:end].isdigit():
            self._add(start, end, str(node.value + 1), "constant")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Positions inside an f-string are not exact before Python 3.12."""

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None:
            return
        if not isinstance(node.value, ast.Constant):
            self._add(*self._text.span(node.value), "None", "return")
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if _is_quiet(node):
            return
        if isinstance(node.func, ast.Name) and node.func.id in _TWINS and node.args:
            self._add(*self._text.span(node.func), _TWINS[node.func.id], "compare")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        value = node.value
        if isinstance(value, ast.Constant):  # a docstring
            return
        call = value.value if isinstance(value, ast.Await) else value
        if isinstance(call, ast.Call) and not _is_quiet(call):
            self._add(*self._text.span(node), "pass", "remove")
        self.visit(value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Which words an error carries is rarely a test's matter."""
        if self._function and not _is_not_implemented(node):
            self._add(*self._text.span(node), "pass", "remove")


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _is_quiet(call: ast.Call) -> bool:
    root = call.func
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in _QUIET


def _is_not_implemented(node: ast.Raise) -> bool:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id in ("NotImplementedError", "StopIteration", "StopAsyncIteration")


def _operators(source: str, text: _Text) -> Iterator[tuple[int, int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source, newline="").readline):
        if token.type in (tokenize.OP, tokenize.NAME) and (token.type == tokenize.OP or token.string in _WORDS):
            yield text.at(*token.start), text.at(*token.end), token.string


_WORDS = {"and", "or", "in", "is"}


def python_mutants(source: str) -> list[Mutant]:
    """Every change that still compiles; none for a file that does not parse."""
    try:
        tree = ast.parse(source)
        text = _Text(source)
        walk = _Walk(text, list(_operators(source, text)))
        walk.visit(tree)
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError, MemoryError):
        return []
    return walk.found


def compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
