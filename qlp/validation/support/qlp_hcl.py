"""Runs in the sandbox: HCL files as blocks and attributes with positions, out of tree-sitter's concrete syntax tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from qlp_tree import Problem, problems  # type: ignore[import-not-found]
from tree_sitter_language_pack import get_parser  # type: ignore[import-not-found,unused-ignore]


@dataclass
class Attribute:
    name: str
    node: Any
    """The expression."""
    line: int
    column: int

    @property
    def text(self) -> str:
        return str(self.node.text.decode("utf-8", "replace")) if self.node is not None else ""

    @property
    def literal(self) -> Any:
        """A string without interpolation, a number, true or false; a list of such; else None."""
        return literal(self.node)


@dataclass
class Block:
    kind: str
    labels: list[str]
    line: int
    column: int
    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    duplicates: list[Attribute] = field(default_factory=list)

    def of(self, kind: str) -> list[Block]:
        """Inner blocks of a kind, those that `dynamic` makes too."""
        plain = [b for b in self.blocks if b.kind == kind]
        made = [
            c
            for b in self.blocks
            if b.kind == "dynamic" and b.labels == [kind]
            for c in b.blocks
            if c.kind == "content"
        ]
        return plain + made

    def value(self, name: str) -> Any:
        found = self.attributes.get(name)
        return found.literal if found else None

    def walk(self) -> Iterator[Block]:
        yield self
        for block in self.blocks:
            yield from block.walk()


def read(text: str) -> tuple[Block, list[Problem]]:
    """The file as one block without a kind, and its syntax errors; blocks around an error may be missing."""
    tree = get_parser("terraform").parse(text.encode("utf-8"))
    root = Block("", [], 1, 1)
    for child in tree.root_node.children:
        if child.type == "body":
            _body(child, root, 0)
    return root, problems(tree, text)


def _body(node: Any, into: Block, depth: int) -> None:
    if depth > 50:
        return
    for child in node.named_children:
        if child.type == "attribute":
            parts = child.named_children
            name = _text(parts[0])
            made = Attribute(
                name, parts[1] if len(parts) > 1 else None, child.start_point[0] + 1, child.start_point[1] + 1
            )
            if name in into.attributes:
                into.duplicates.append(made)
            into.attributes[name] = made
        elif child.type == "block":
            parts = child.named_children
            labels = [_text(p).strip('"') for p in parts[1:] if p.type in ("string_lit", "identifier")]
            block = Block(_text(parts[0]), labels, child.start_point[0] + 1, child.start_point[1] + 1)
            into.blocks.append(block)
            for part in parts:
                if part.type == "body":
                    _body(part, block, depth + 1)


def _text(node: Any) -> str:
    return str(node.text.decode("utf-8", "replace"))


def only(node: Any) -> Any:
    """Down through nodes that hold nothing but one other."""
    while (
        node is not None
        and node.type in ("expression", "literal_value", "collection_value", "template_expr")
        and len(node.named_children) == 1
    ):
        node = node.named_children[0]
    return node


def literal(node: Any) -> Any:
    node = only(node)
    if node is None:
        return None
    if node.type == "string_lit":
        return _text(node)[1:-1]
    if node.type == "quoted_template":
        return None
    if node.type == "numeric_lit":
        text = _text(node)
        return float(text) if "." in text or "e" in text.lower() else int(text)
    if node.type == "bool_lit":
        return _text(node) == "true"
    if node.type == "operation" and _text(node).lstrip().startswith("-") and _text(node).strip()[1:].isdigit():
        return int(_text(node).strip())
    if node.type == "tuple":
        return [literal(child) for child in node.named_children if child.type == "expression"]
    return None
