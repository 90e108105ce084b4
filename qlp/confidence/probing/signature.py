"""The parameters of the function that is asked for: names and types, from a signature in Python, JavaScript or Go."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from qlp.confidence.probing.models import Target


@dataclass(frozen=True)
class Hint:
    """A type as far as it is known. `kind`: int, float, str, bool, none, list, tuple, set, dict, bytes, any, union.

    `inner`: element types; of a tuple by position (`rest` if it may be longer), of a dict key and value, of a union
    its members.
    """

    kind: str
    inner: tuple[Hint, ...] = ()
    rest: bool = False


ANY = Hint("any")


@dataclass(frozen=True)
class Parameter:
    name: str
    hint: Hint = ANY
    optional: bool = False


@dataclass(frozen=True)
class Signature:
    """`parameters` is None where no signature was found."""

    parameters: tuple[Parameter, ...] | None
    returns: Hint = ANY


_SIMPLE = {
    "int": "int", "float": "float", "str": "str", "bool": "bool", "bytes": "bytes", "None": "none", "complex": "any",
    "number": "float", "string": "str", "boolean": "bool", "object": "any", "int64": "int", "float64": "float",
}  # fmt: skip
_LISTS = {"List", "list", "Sequence", "Iterable", "Collection", "MutableSequence", "Array"}
_DICTS = {"Dict", "dict", "Mapping", "DefaultDict", "OrderedDict", "Counter", "MutableMapping"}
_SETS = {"Set", "set", "FrozenSet", "frozenset", "AbstractSet"}


def names_of(entry: str) -> tuple[str, ...]:
    """How a text may call the function: as given, in snake_case, in camelCase and PascalCase."""
    leaf = entry.rsplit(".", 1)[-1]
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", leaf).lower()
    camel = re.sub(r"_+([A-Za-z0-9])", lambda m: m[1].upper(), snake)
    return tuple(dict.fromkeys((leaf, snake, camel, camel[:1].upper() + camel[1:])))


def signature_of(target: Target) -> Signature:
    """From `target.signature`, else from a definition in the text."""
    for text in (target.signature, target.text):
        for name in names_of(target.entry):
            found = _python(text, name) or _javascript(text, name)
            if found is not None:
                return found
    return Signature(None)


def _python(text: str, name: str) -> Signature | None:
    for start in re.finditer(rf"\bdef\s+{re.escape(name)}\s*\(", text):
        head = text[start.start() : start.start() + 1000]
        for end in re.finditer(r":", head):
            try:
                tree = ast.parse(head[: end.start()] + ": pass")
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            if tree.body and isinstance(tree.body[0], ast.FunctionDef):
                return _of_function(tree.body[0])
    return None


def _of_function(node: ast.FunctionDef) -> Signature:
    arguments = [*node.args.posonlyargs, *node.args.args]
    first_optional = len(arguments) - len(node.args.defaults)
    parameters = tuple(
        Parameter(a.arg, _hint(a.annotation), i >= first_optional)
        for i, a in enumerate(arguments)
        if not (i == 0 and a.arg in ("self", "cls"))
    )
    return Signature(parameters, _hint(node.returns))


def _hint(node: ast.expr | None) -> Hint:
    match node:
        case None:
            return ANY
        case ast.Constant(value=None):
            return Hint("none")
        case ast.Constant(value=str(text)):
            try:
                return _hint(ast.parse(text, mode="eval").body)
            except (SyntaxError, ValueError):
                return ANY
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return Hint("union", (_hint(left), _hint(right)))
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _named(name, ())
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            return _named(name, tuple(inner.elts) if isinstance(inner, ast.Tuple) else (inner,))
    return ANY


def _named(name: str, inner: tuple[ast.expr, ...]) -> Hint:
    if name in _SIMPLE:
        return Hint(_SIMPLE[name])
    if name in _LISTS:
        return Hint("list", tuple(_hint(i) for i in inner[:1]))
    if name in _SETS:
        return Hint("set", tuple(_hint(i) for i in inner[:1]))
    if name in _DICTS:
        return Hint("dict", tuple(_hint(i) for i in inner[:2]))
    if name in ("Tuple", "tuple"):
        rest = bool(inner) and isinstance(inner[-1], ast.Constant) and inner[-1].value is Ellipsis
        return Hint("tuple", tuple(_hint(i) for i in (inner[:-1] if rest else inner)), rest)
    if name == "Optional":
        return Hint("union", (*(_hint(i) for i in inner), Hint("none")))
    if name == "Union":
        return Hint("union", tuple(_hint(i) for i in inner))
    return ANY


def _javascript(text: str, name: str) -> Signature | None:
    """`function f(a, b = 1)`, `const f = (a, b) =>`, `f = a =>`, with types of TypeScript where they stand."""
    escaped = re.escape(name)
    declared = rf"\bfunction\s*\*?\s*{escaped}\s*\(([^)]*)\)"
    assigned = rf"\b{escaped}\s*=\s*(?:async\s*)?(?:function\b[^(]*)?\(([^)]*)\)"
    found = re.search(f"{declared}|{assigned}", text)
    if found is None:
        return None
    inside = found[1] if found[1] is not None else found[2]
    parameters = []
    for part in inside.split(","):
        words = re.match(r"\s*(?:\.\.\.)?([A-Za-z_$][\w$]*)\s*(\?)?\s*(?::\s*([^=]+))?(=)?", part)
        if words:
            parameters.append(Parameter(words[1], _typescript(words[3] or ""), bool(words[2] or words[4])))
    return Signature(tuple(parameters))


def _typescript(text: str) -> Hint:
    text = text.strip()
    if text.endswith("[]"):
        return Hint("list", (_typescript(text[:-2]),))
    if generic := re.fullmatch(r"Array<(.*)>", text):
        return Hint("list", (_typescript(generic[1]),))
    return Hint(_SIMPLE[text]) if text in _SIMPLE else ANY


def hint_of(annotation: str) -> Hint:
    """The hint of a type in Python's notation."""
    return _hint(ast.parse(annotation, mode="eval").body)
