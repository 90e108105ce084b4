"""Runs in the sandbox: what `terraform validate` finds without its providers: names, references, arguments, types."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from qlp_hcl import Attribute, Block, only  # type: ignore[import-not-found]
from qlp_report import Report  # type: ignore[import-not-found]

with open(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "terraform_rules.json"), encoding="utf-8"
) as _handle:
    RULES: dict[str, Any] = json.load(_handle)
FUNCTIONS = set(RULES["functions"].split())
_FREE = {"each", "self", "count", "path", "terraform", "true", "false", "null", "ephemeral", "provider"}
_TYPES = {"string", "number", "bool", "any", "list", "set", "map", "object", "tuple", "optional"}
_RESOURCE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*_[a-z0-9_-]+")


@dataclass
class Reference:
    parts: list[str]
    line: int
    column: int
    path: str


@dataclass
class Module:
    """The files of one folder."""

    folder: str
    blocks: list[tuple[str, Block]] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    declared: dict[tuple[str, ...], tuple[str, Block | Attribute]] = field(default_factory=dict)


def walk(node: Any) -> Iterator[Any]:
    stack = [node]
    while stack:
        at = stack.pop()
        yield at
        stack.extend(reversed(at.named_children))


def _text(node: Any) -> str:
    return str(node.text.decode("utf-8", "replace"))


def references(node: Any, path: str, scope: frozenset[str]) -> Iterator[Reference]:
    """`a.b.c` chains that begin with a name which no `for` around them introduces."""
    stack: list[tuple[Any, frozenset[str]]] = [(node, scope)]
    while stack:
        at, names = stack.pop()
        if at.type in ("for_tuple_expr", "for_object_expr"):
            intro = next((c for c in at.named_children if c.type == "for_intro"), None)
            if intro is not None:
                names = names | {_text(c) for c in intro.named_children if c.type == "identifier"}
        children = at.named_children
        for i, child in enumerate(children):
            if child.type == "variable_expr":
                parts = [_text(child)]
                for after in children[i + 1 :]:
                    if after.type == "get_attr":
                        parts.append(_text(after).lstrip("."))
                    elif after.type == "index" or after.type == "splat":
                        parts.append("*")
                    else:
                        break
                if parts[0] not in names:
                    yield Reference(parts, child.start_point[0] + 1, child.start_point[1] + 1, path)
            else:
                if at.type == "template_for" or at.type == "template_directive":
                    names = names | {_text(c) for c in walk(at) if c.type == "identifier"}
                stack.append((child, names))


def _no_type(node: Any) -> str:
    """The first word of a type expression that names no type; "" if all do. Keys and defaults are no types."""
    stack = [node]
    while stack:
        at = stack.pop()
        children = at.named_children
        if at.type == "variable_expr" and _text(at) not in _TYPES:
            return _text(at)
        if at.type == "function_call":
            name, *rest = children
            if _text(name) not in _TYPES:
                return _text(name)
            arguments = [c for r in rest for c in r.named_children]
            stack += arguments[:1] if _text(name) == "optional" else arguments
        else:
            stack += children[1:] if at.type == "object_elem" else children
    return ""


class Types:
    def __init__(self, report: Report, files: list[tuple[str, Block]]) -> None:
        self._report = report
        self._modules: dict[str, Module] = {}
        for path, root in files:
            folder = posixpath.dirname(path)
            self._modules.setdefault(folder, Module(folder)).blocks += [(path, b) for b in root.blocks]

    def _add(self, rule: str, message: str, path: str, at: Any, severity: str = "high") -> None:
        self._report.add(rule, severity, message, path, at.line, at.column)

    def run(self) -> None:
        for module in self._modules.values():
            for path, block in module.blocks:
                self._block(module, path, block)
            for path, block in module.blocks:
                self._expressions(module, path, block)
            self._resolve(module)
        for module in self._modules.values():
            self._calls(module)

    def _declare(self, module: Module, key: tuple[str, ...], path: str, at: Block | Attribute) -> None:
        if key in module.declared:
            first = module.declared[key]
            self._add(
                "duplicate", f"{'.'.join(key)} is declared twice (first in {first[0]}, line {first[1].line})", path, at
            )
        module.declared.setdefault(key, (path, at))

    def _block(self, module: Module, path: str, block: Block) -> None:
        labels = RULES["blocks"].get(block.kind)
        if labels is None:
            self._add("unknown-block", f"Terraform has no block {block.kind!r}", path, block)
            return
        if len(block.labels) != labels:
            self._add("labels", f"{block.kind} takes {labels} labels, not {len(block.labels)}", path, block)
            return
        for inner in block.walk():
            for again in inner.duplicates:
                self._add("duplicate", f"the argument {again.name} is there twice", path, again)
        if block.kind == "locals":
            for attribute in block.attributes.values():
                self._declare(module, ("local", attribute.name), path, attribute)
        elif block.kind in ("variable", "module", "output"):
            prefix = {"variable": "var", "module": "module", "output": "output"}[block.kind]
            self._declare(module, (prefix, block.labels[0]), path, block)
        elif block.kind == "resource":
            self._declare(module, tuple(block.labels), path, block)
        elif block.kind in ("data", "ephemeral"):
            self._declare(module, (block.kind, *block.labels), path, block)
        if block.kind in ("variable", "output"):
            for attribute in block.attributes.values():
                if attribute.name not in RULES[block.kind]:
                    self._add("unknown-argument", f"{block.kind} has no argument {attribute.name}", path, attribute)
        if block.kind == "variable":
            self._variable(path, block)
        elif block.kind == "output" and "value" not in block.attributes:
            self._add("missing-argument", f"the output {block.labels[0]} has no value", path, block)
        elif block.kind == "module" and "source" not in block.attributes:
            self._add("missing-argument", f"the module {block.labels[0]} has no source", path, block)
        elif block.kind in ("resource", "data"):
            self._resource(path, block)

    def _variable(self, path: str, block: Block) -> None:
        kind, default = block.attributes.get("type"), block.attributes.get("default")
        if kind is not None and kind.node is not None:
            text = kind.text.strip().strip('"')
            if name := _no_type(kind.node):
                known = ", ".join(sorted(_TYPES - {"optional"}))
                self._add("unknown-type", f"{name!r} is no type; there are {known}", path, kind)
                return
            value = default.literal if default is not None else None
            shape = only(default.node).type if default is not None and default.node is not None else ""
            if value is None and shape not in ("tuple", "object"):
                return
            number = isinstance(value, int | float) and not isinstance(value, bool)
            text_number = isinstance(value, str) and re.fullmatch(r"-?\d+(?:\.\d+)?", value)
            wrong = {
                "string": shape in ("tuple", "object"),
                "number": not number and not text_number,
                "bool": not isinstance(value, bool) and value not in ("true", "false"),
            }.get(text)
            if wrong is None and re.match(r"(?:list|set|tuple)\b", text):
                wrong = shape != "tuple"
            if wrong is None and re.match(r"(?:map|object)\b", text):
                wrong = shape != "object"
            if wrong:
                self._add("default-type", f"the default of {block.labels[0]} is no {text.split('(')[0]}", path, default)

    def _resource(self, path: str, block: Block) -> None:
        if "count" in block.attributes and "for_each" in block.attributes:
            self._add("count-and-for-each", "a block has either count or for_each", path, block.attributes["for_each"])
        if block.kind == "resource":
            there = (
                set(block.attributes)
                | {b.kind for b in block.blocks}
                | {b.labels[0] for b in block.blocks if b.kind == "dynamic" and b.labels}
            )
            for options in RULES["required"].get(block.labels[0], ()):
                if not there & set(options):
                    self._add("missing-argument", f"{block.labels[0]} needs {' or '.join(options)}", path, block)

    def _expressions(self, module: Module, path: str, block: Block) -> None:
        loops = {name for name in ("for_each", "count") if name in block.attributes}
        stack: list[tuple[Block, frozenset[str]]] = [(block, frozenset())]
        while stack:
            at, scope = stack.pop()
            for attribute in at.attributes.values():
                if attribute.node is None or self._meta(block, at, attribute):
                    continue
                for ref in references(attribute.node, path, scope):
                    module.references.append(ref)
                    if (
                        block.kind in ("resource", "data", "module")
                        and ref.parts[0] == "each"
                        and "for_each" not in loops
                    ):
                        self._add("each", "each is only there with for_each", path, ref)
                    if (
                        block.kind in ("resource", "data", "module")
                        and ref.parts[:2] == ["count", "index"]
                        and "count" not in loops
                    ):
                        self._add("count", "count.index is only there with count", path, ref)
                self._functions(attribute, path)
            for inner in at.blocks:
                names = scope
                if inner.kind == "dynamic" and inner.labels:
                    iterator = inner.attributes.get("iterator")
                    names = scope | {iterator.text if iterator else inner.labels[0], inner.labels[0]}
                stack.append((inner, names))

    def _meta(self, top: Block, at: Block, attribute: Attribute) -> bool:
        """Arguments whose names are not references."""
        return (
            (top.kind == "variable" and attribute.name == "type")
            or attribute.name in ("provider", "providers", "iterator")
            or (at.kind == "lifecycle" and attribute.name in ("ignore_changes", "replace_triggered_by"))
            or top.kind in ("terraform", "moved", "removed")
            or (top.kind == "import" and attribute.name == "to")
            or at.kind == "required_providers"
        )

    def _functions(self, attribute: Attribute, path: str) -> None:
        for node in walk(attribute.node):
            if node.type == "function_call":
                name = _text(node.named_children[0])
                whole = _text(node).split("(")[0]
                if name not in FUNCTIONS and "::" not in whole:
                    at = Reference([name], node.start_point[0] + 1, node.start_point[1] + 1, path)
                    self._add("unknown-function", f"Terraform has no function {name}()", path, at)

    def _resolve(self, module: Module) -> None:
        kinds = {
            key[0] for key in module.declared if len(key) == 2 and key[0] not in ("var", "local", "module", "output")
        }
        for ref in module.references:
            head, rest = ref.parts[0], ref.parts[1:]
            if head in _FREE or not rest or rest[0] == "*":
                continue
            if head in ("var", "local", "module"):
                if (head, rest[0]) not in module.declared:
                    what = {"var": "variable", "local": "local value", "module": "module"}[head]
                    self._add("undeclared", f"there is no {what} {rest[0]!r} in this module", ref.path, ref)
            elif head == "data":
                if len(rest) >= 2 and ("data", rest[0], rest[1]) not in module.declared:
                    self._add(
                        "undeclared", f"there is no data source {rest[0]}.{rest[1]} in this module", ref.path, ref
                    )
            elif _RESOURCE.fullmatch(head) or head in kinds:
                if (head, rest[0]) not in module.declared:
                    self._add("undeclared", f"there is no resource {head}.{rest[0]} in this module", ref.path, ref)
            else:
                self._add("undeclared", f"{head!r} is no variable, resource or other name here", ref.path, ref)

    def _calls(self, module: Module) -> None:
        for path, block in module.blocks:
            source = block.value("source") if block.kind == "module" else None
            if not isinstance(source, str) or not source.startswith(("./", "../")):
                continue
            folder = posixpath.normpath(posixpath.join(module.folder, source))
            called = self._modules.get("" if folder == "." else folder)
            if called is None:
                self._add("missing-module", f"there is no module in {source}", path, block.attributes["source"])
                continue
            variables = {b.labels[0]: b for _, b in called.blocks if b.kind == "variable" and b.labels}
            for name, variable in variables.items():
                if "default" not in variable.attributes and name not in block.attributes:
                    self._add("missing-argument", f"the module {block.labels[0]} needs {name}", path, block)
            for name, attribute in block.attributes.items():
                if name not in variables and name not in RULES["module"]:
                    self._add("unknown-argument", f"the module in {source} has no variable {name}", path, attribute)
            outputs = {b.labels[0] for _, b in called.blocks if b.kind == "output" and b.labels}
            for ref in module.references:
                parts = [p for p in ref.parts if p != "*"]
                if parts[:2] == ["module", block.labels[0]] and len(parts) > 2 and parts[2] not in outputs:
                    self._add("undeclared", f"the module {block.labels[0]} has no output {parts[2]!r}", ref.path, ref)


def style(report: Report, files: list[tuple[str, Block]]) -> None:
    """Hints, and two comparisons that are never true."""
    folders: dict[str, list[tuple[str, Block]]] = {}
    for path, root in files:
        folders.setdefault(posixpath.dirname(path), []).append((path, root))
    for group in folders.values():
        used: set[tuple[str, str]] = set()
        for path, root in group:
            for block in (b for top in root.blocks for b in top.walk()):
                for attribute in block.attributes.values():
                    if attribute.node is None:
                        continue
                    for ref in references(attribute.node, path, frozenset()):
                        if len(ref.parts) > 1:
                            used.add((ref.parts[0], ref.parts[1]))
                    _attribute(report, path, attribute)
        for path, root in group:
            for block in root.blocks:
                if block.kind == "variable" and block.labels and ("var", block.labels[0]) not in used:
                    report.add(
                        "unused", "info", f"the variable {block.labels[0]} is not used", path, block.line, block.column
                    )
                for name, attribute in block.attributes.items() if block.kind == "locals" else ():
                    if ("local", name) not in used:
                        report.add(
                            "unused",
                            "info",
                            f"the local value {name} is not used",
                            path,
                            attribute.line,
                            attribute.column,
                        )
                if block.kind == "variable" and "type" not in block.attributes and block.labels:
                    report.add(
                        "untyped",
                        "low",
                        f"the variable {block.labels[0]} declares no type",
                        path,
                        block.line,
                        block.column,
                    )
                if block.kind == "provider" and "version" in block.attributes:
                    report.add(
                        "provider-version",
                        "medium",
                        "the version of a provider belongs in required_providers",
                        path,
                        block.line,
                        1,
                    )


def _attribute(report: Report, path: str, attribute: Attribute) -> None:
    text = attribute.text.strip()
    if re.fullmatch(r'"\$\{[^{}"]+\}"', text):
        report.add(
            "interpolation-only", "low", f"{text} is just {text[3:-2].strip()}", path, attribute.line, attribute.column
        )
    for node in walk(attribute.node):
        if node.type == "binary_operation" and re.search(r"(?:==|!=)\s*\[\s*\]", _text(node)):
            report.add("empty-list-comparison", "medium", "a comparison with [] compares types too; use length()", path,
                       node.start_point[0] + 1, node.start_point[1] + 1)  # fmt: skip
        elif node.type == "object":
            seen: set[str] = set()
            for element in node.named_children:
                if element.type == "object_elem" and element.named_children:
                    key = _text(element.named_children[0]).strip('"')
                    if key in seen and "${" not in key and not key.startswith("("):
                        report.add("duplicate-key", "medium", f"the key {key} is there twice", path,
                                   element.start_point[0] + 1, element.start_point[1] + 1)  # fmt: skip
                    seen.add(key)
        elif node.type == "legacy_index":
            report.add(
                "legacy-index",
                "low",
                "x.0 is the old form of x[0]",
                path,
                node.start_point[0] + 1,
                node.start_point[1] + 1,
            )
