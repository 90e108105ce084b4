from __future__ import annotations

import re

from ..ir import (
    Arg,
    Assign,
    Block,
    Call,
    Case,
    Class,
    Const,
    Func,
    If,
    Import,
    Jump,
    Loop,
    Map,
    Member,
    Name,
    Node,
    Other,
    Param,
    Return,
    Switch,
)
from .base import Lower, Syntax, dotted, members

_HOLE = re.compile(r"\{(\w*)(?::[^}]*)?\}")


class RustLower(Lower):
    language = "rust"
    names = frozenset({"identifier", "type_identifier", "field_identifier", "self"})
    through = frozenset(
        {
            "expression_statement", "parenthesized_expression", "try_expression", "await_expression", "unsafe_block",
            "reference_expression", "match_pattern", "async_block", "mut_pattern", "ref_pattern",
        }
    )  # fmt: skip
    blocks = frozenset({"source_file", "block", "declaration_list"})

    def file(self, n: Syntax) -> Node:
        """Attributes stand before what they mark."""
        body: list[Node] = []
        marks: list[Node] = []
        for c in self.named(n):
            if c.type in ("attribute_item", "inner_attribute_item"):
                marks.append(self.lower(c))
                continue
            made = self.lower(c)
            if isinstance(made, Func):
                made.marks = marks
            marks = []
            body.append(made)
        return Block(self.at(n), body)

    def attribute(self, n: Syntax) -> Node:
        inner = self.of(n, "attribute")
        return Call(self.at(n), self.first(inner[0]), []) if inner else self.nothing(n)

    def function(self, n: Syntax) -> Node:
        body = n.child_by_field_name("body")
        params = self.params(n.child_by_field_name("parameters"))
        made = self.nothing(n) if body is None else self.lower(body)
        return Func(self.at(n), self.text(n.child_by_field_name("name")), params, made, arrow=True)

    def params(self, n: Syntax | None) -> list[Param]:
        made = []
        for c in self.named(n):
            pattern = c.child_by_field_name("pattern") if c.type == "parameter" else c
            kind = self.text(c.child_by_field_name("type")) if c.type == "parameter" else ""
            while pattern is not None and pattern.type not in ("identifier", "self_parameter") and self.named(pattern):
                pattern = self.named(pattern)[-1]
            made.append(Param(self.at(c), self.text(pattern), kind.replace("::", ".")))
        return made

    def impl(self, n: Syntax) -> Node:
        body = n.child_by_field_name("body")
        inner = self.file(body) if body is not None else self.nothing(n)
        parts = inner.body if isinstance(inner, Block) else []
        return Class(self.at(n), dotted(self.text(n.child_by_field_name("type"))), [], parts)

    def module(self, n: Syntax) -> Node:
        body = n.child_by_field_name("body")
        return self.nothing(n) if body is None else self.file(body)

    def imports(self, n: Syntax) -> Node:
        names: dict[str, str] = {}
        self._use(n.child_by_field_name("argument"), "", names)
        return Import(self.at(n), names, dotted(self.text(n.child_by_field_name("argument"))).split(".{")[0])

    def _use(self, n: Syntax | None, prefix: str, names: dict[str, str]) -> None:
        if n is None:
            return
        if n.type == "scoped_use_list":
            path = dotted(self.text(n.child_by_field_name("path")))
            for c in self.named(n.child_by_field_name("list")):
                self._use(c, f"{prefix}.{path}".strip("."), names)
        elif n.type == "use_list":
            for c in self.named(n):
                self._use(c, prefix, names)
        elif n.type == "use_as_clause":
            path = dotted(self.text(n.child_by_field_name("path")))
            names[self.text(n.child_by_field_name("alias"))] = f"{prefix}.{path}".strip(".").removesuffix(".self")
        elif n.type in ("identifier", "scoped_identifier", "self"):
            path = f"{prefix}.{dotted(self.text(n))}".strip(".").removesuffix(".self")
            names[path.rsplit(".", 1)[-1]] = path

    def scoped(self, n: Syntax) -> Node:
        first, *rest = dotted(self.text(n)).split(".")
        made: Node = Name(self.at(n), first)
        for name in rest:
            made = Member(self.at(n), made, name)
        return made

    def generic(self, n: Syntax) -> Node:
        return self.field(n, "function")

    def let(self, n: Syntax) -> Node:
        value = n.child_by_field_name("value")
        given = Const(self.at(n), None) if value is None else self.lower(value)
        kind = dotted(self.text(n.child_by_field_name("type")))
        made: Node = Assign(self.at(n), self.target(n.child_by_field_name("pattern")), given, "=", kind)
        other = n.child_by_field_name("alternative")
        return made if other is None else Block(self.at(n), [made])

    def target(self, n: Syntax) -> Node:
        while n.type not in ("identifier", "tuple_pattern") and self.named(n):
            n = self.named(n)[-1]
        return self.seq(n) if n.type == "tuple_pattern" else Name(self.at(n), self.text(n))

    def condition(self, n: Syntax) -> Node:
        return Assign(self.at(n), self.target(n.child_by_field_name("pattern")), self.field(n, "value"))

    def macro(self, n: Syntax) -> Node:
        """Arguments are a flat run of tokens: names, literals, and member or call chains as far as they can be seen."""
        name = dotted(self.text(n.child_by_field_name("macro")))
        trees = self.of(n, "token_tree")
        values = self.arguments(n, trees[0]) if trees else []
        if name.rsplit(".", 1)[-1] in ("format", "println", "print", "write", "writeln", "panic", "format_args"):
            at = next((i for i, v in enumerate(values) if isinstance(v, Const) and isinstance(v.value, str)), -1)
            if at >= 0:
                values = [*values[:at], self.formatted(n, values[at], values[at + 1 :])]
        if name == "format":
            return values[-1] if values else self.nothing(n)
        return Call(self.at(n), Name(self.at(n), name + "!"), [Arg(v.at, "", v) for v in values])

    def formatted(self, n: Syntax, pattern: Node, values: list[Node]) -> Node:
        text = str(pattern.value) if isinstance(pattern, Const) else ""
        parts: list[Node] = []
        rest = list(values)
        position = 0
        for hole in _HOLE.finditer(text):
            parts.append(Const(self.at(n), text[position : hole.start()]))
            position = hole.end()
            if hole[1] and not hole[1].isdigit():
                parts.append(Name(self.at(n), hole[1]))
            elif rest:
                parts.append(rest.pop(0))
        parts += [Const(self.at(n), text[position:]), *rest]
        return self.joined(n, parts)

    def tokens(self, n: Syntax, group: list[Syntax]) -> Node:
        named = [c for c in group if c.is_named]
        if len(named) == 1:
            return self.lower(named[0])
        if named and named[0].type in ("identifier", "self") and all(self.links(c) for c in named):
            made: Node = self.lower(named[0])
            for c in named[1:]:
                if c.type == "token_tree":
                    made = Call(self.at(n), made, [Arg(v.at, "", v) for v in self.arguments(n, c)])
                else:
                    made = Member(self.at(n), made, self.text(c))
            return made
        return Other(self.at(n), [self.lower(c) for c in named if c.type != "token_tree"])

    def links(self, n: Syntax) -> bool:
        """Whether it can be a part of a chain of members and calls: `a::b(c).d`."""
        return n.type in ("identifier", "self") or (n.type == "token_tree" and self.text(n).startswith("("))

    def arguments(self, n: Syntax, tree: Syntax) -> list[Node]:
        groups: list[list[Syntax]] = [[]]
        for c in tree.children[1:-1]:
            if c.type == ",":
                groups.append([])
            else:
                groups[-1].append(c)
        return [self.tokens(n, group) for group in groups if group]

    def struct(self, n: Syntax) -> Node:
        pairs: list[tuple[Node, Node]] = []
        for c in self.named(n.child_by_field_name("body")):
            if c.type == "shorthand_field_initializer":
                pairs.append((Const(self.at(c), self.text(c)), Name(self.at(c), self.text(c))))
            elif c.type == "field_initializer":
                pairs.append((Const(self.at(c), self.text(c.child_by_field_name("field"))), self.field(c, "value")))
        return Map(self.at(n), pairs)

    def cast(self, n: Syntax) -> Node:
        return self.invoke(n, "(number)", self.field(n, "value"))

    def closure(self, n: Syntax) -> Node:
        params = self.params(n.child_by_field_name("parameters"))
        return Func(self.at(n), "", params, self.field(n, "body"), arrow=True)

    def branch(self, n: Syntax) -> Node:
        other = n.child_by_field_name("alternative")
        return If(
            self.at(n),
            self.field(n, "condition"),
            self.field(n, "consequence"),
            None if other is None else self.first(other),
        )

    def loop(self, n: Syntax) -> Node:
        body = self.field(n, "body")
        if n.type == "for_expression":
            return Loop(
                self.at(n), body, target=self.target(n.child_by_field_name("pattern")), over=self.field(n, "value")
            )
        return Loop(self.at(n), body, test=self.maybe(n, "condition"))

    def match(self, n: Syntax) -> Node:
        cases = []
        subject = n.child_by_field_name("value")
        for c in self.of(n.child_by_field_name("body"), "match_arm"):
            pattern = c.child_by_field_name("pattern")
            body = self.field(c, "value")
            inner = self.named(pattern)
            values: list[Node] = []
            if inner and inner[0].type in ("or_pattern",):
                values = [self.lower(x) for x in self.named(inner[0])]
            elif inner and "literal" in inner[0].type:
                values = [self.lower(inner[0])]
            elif inner:
                bound = Assign(self.at(c), self.target(inner[0]), self.lower(subject))
                body = Block(self.at(c), [bound, body])
                values = [Const(self.at(c), None)] if inner[0].type == "tuple_struct_pattern" else []
            cases.append(Case(self.at(c), values, body))
        return Switch(self.at(n), self.lower(subject), cases)

    def leave(self, n: Syntax) -> Node:
        inner = self.named(n)
        return Return(self.at(n), self.lower(inner[0]) if inner else None)

    def jump(self, n: Syntax) -> Node:
        return Jump(self.at(n), n.type.split("_")[0])

    table = {
        "source_file": file,
        "attribute_item": attribute,
        "function_item": function,
        "impl_item": impl,
        "trait_item": Lower.nothing,
        "struct_item": Lower.nothing,
        "enum_item": Lower.nothing,
        "mod_item": module,
        "use_declaration": imports,
        "scoped_identifier": scoped,
        "scoped_type_identifier": scoped,
        "generic_function": generic,
        "let_declaration": let,
        "const_item": lambda self, n: Assign(self.at(n), self.field(n, "name"), self.field(n, "value")),
        "static_item": lambda self, n: Assign(self.at(n), self.field(n, "name"), self.field(n, "value")),
        "let_condition": condition,
        "macro_invocation": macro,
        "struct_expression": struct,
        "call_expression": Lower.call,
        "field_expression": members("value", "field"),
        "index_expression": lambda self, n: Other(self.at(n), [self.first(n)]),
        "assignment_expression": Lower.assign,
        "compound_assignment_expr": Lower.assign,
        "binary_expression": Lower.binary,
        "unary_expression": Lower.unary,
        "type_cast_expression": cast,
        "string_literal": Lower.string,
        "raw_string_literal": Lower.string,
        "char_literal": Lower.quoted,
        "integer_literal": Lower.num,
        "float_literal": Lower.num,
        "boolean_literal": Lower.boolean,
        "array_expression": Lower.seq,
        "tuple_expression": Lower.seq,
        "closure_expression": closure,
        "if_expression": branch,
        "for_expression": loop,
        "while_expression": loop,
        "loop_expression": loop,
        "match_expression": match,
        "return_expression": leave,
        "break_expression": jump,
        "continue_expression": jump,
    }
