from __future__ import annotations

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
    Index,
    Jump,
    Loop,
    Map,
    Member,
    Name,
    Node,
    Param,
    Return,
    Seq,
    Switch,
    Try,
)
from .base import Lower, Syntax, dotted, members


class CSharpLower(Lower):
    language = "csharp"
    names = frozenset({"identifier", "predefined_type"})
    pieces = frozenset({"string_literal_content", "string_content", "escape_sequence"})
    through = frozenset(
        {
            "expression_statement", "parenthesized_expression", "await_expression", "constant_pattern",
            "global_statement", "checked_expression", "arrow_expression_clause", "ref_expression",
        }
    )  # fmt: skip
    blocks = frozenset({"compilation_unit", "declaration_list", "block", "lock_statement", "unsafe_statement"})

    def namespace(self, n: Syntax) -> Node:
        body = n.child_by_field_name("body")
        return self.nothing(n) if body is None else self.block(body)

    def marks(self, n: Syntax) -> list[Node]:
        made: list[Node] = []
        for group in self.of(n, "attribute_list"):
            for a in self.of(group, "attribute"):
                args = self.of(a, "attribute_argument_list")
                name = Name(self.at(a), self.text(a.child_by_field_name("name")))
                made.append(Call(self.at(a), name, self.args(args[0] if args else None)))
        return made

    def arg(self, n: Syntax) -> Arg:
        name = n.child_by_field_name("name")
        inner = [c for c in self.named(n) if c != name]
        return Arg(self.at(n), self.text(name), self.lower(inner[-1] if inner else n))

    def function(self, n: Syntax) -> Node:
        name = "<init>" if n.type == "constructor_declaration" else self.text(n.child_by_field_name("name"))
        body = n.child_by_field_name("body")
        return Func(
            self.at(n),
            name,
            self.params(n.child_by_field_name("parameters")),
            self.nothing(n) if body is None else self.lower(body),
            self.marks(n),
            returns=self.text(n.child_by_field_name("returns")),
            arrow=body is not None and body.type not in ("block",),
        )

    def params(self, n: Syntax | None) -> list[Param]:
        if n is not None and n.type in ("implicit_parameter", "identifier"):
            return [Param(self.at(n), self.text(n))]
        return (
            [
                Param(
                    self.at(c),
                    self.text(c.child_by_field_name("name")) or self.text(c),
                    dotted(self.text(c.child_by_field_name("type"))),
                    None,
                    tuple(m.func.id for m in self.marks(c) if isinstance(m, Call) and isinstance(m.func, Name)),
                )
                for c in self.of(n, "parameter", "implicit_parameter")
            ]
            if n is not None
            else []
        )

    def klass(self, n: Syntax) -> Node:
        bases = [dotted(self.text(c)) for b in self.of(n, "base_list") for c in self.named(b)]
        body = [self.lower(c) for c in self.named(n.child_by_field_name("body"))]
        return Class(self.at(n), self.text(n.child_by_field_name("name")), bases, body, self.marks(n))

    def declaration(self, n: Syntax) -> Node:
        made = [self.lower(c) for c in self.of(n, "variable_declaration")]
        return made[0] if len(made) == 1 else Block(self.at(n), made)

    def variables(self, n: Syntax) -> Node:
        kind = self.text(n.child_by_field_name("type"))
        made: list[Node] = []
        for d in self.of(n, "variable_declarator"):
            name = d.child_by_field_name("name")
            inner = [c for c in self.named(d) if c != name]
            value = self.lower(inner[-1]) if inner else Const(self.at(d), None)
            if inner and inner[-1].type == "implicit_object_creation_expression" and isinstance(value, Call):
                value.func = self.path(d, dotted(kind))
            kinds = "" if kind == "var" else dotted(kind)
            made.append(Assign(self.at(d), Name(self.at(d), self.text(name)), value, "=", kinds))
        return made[0] if len(made) == 1 else Block(self.at(n), made)

    def property(self, n: Syntax) -> Node:
        value = n.child_by_field_name("value")
        if value is None or value.type == "arrow_expression_clause":
            return self.nothing(n)
        return Assign(self.at(n), Name(self.at(n), self.text(n.child_by_field_name("name"))), self.lower(value))

    def imports(self, n: Syntax) -> Node:
        alias = n.child_by_field_name("name")
        inner = [c for c in self.named(n) if c != alias]
        path = self.text(inner[-1]) if inner else ""
        return Import(self.at(n), {self.text(alias): path} if alias is not None and path else {}, path)

    def path(self, n: Syntax, dots: str) -> Node:
        first, *rest = dots.split(".")
        made: Node = Name(self.at(n), first)
        for name in rest:
            made = Member(self.at(n), made, name)
        return made

    def qualified(self, n: Syntax) -> Node:
        return self.path(n, dotted(self.text(n)))

    def new(self, n: Syntax) -> Node:
        kind = dotted(self.text(n.child_by_field_name("type"))) or "new"
        made = Call(self.at(n), self.path(n, kind), self.args(n.child_by_field_name("arguments")), new=True)
        first = n.child_by_field_name("initializer")
        if first is not None:
            pairs: list[tuple[Node, Node]] = []
            items: list[Node] = []
            for c in self.named(first):
                if c.type == "assignment_expression":
                    left = c.child_by_field_name("left")
                    key = (
                        self.first(left)
                        if left.type == "element_binding_expression"
                        else Const(self.at(left), self.text(left))
                    )
                    pairs.append((key, self.field(c, "right")))
                elif c.type == "initializer_expression" and len(self.named(c)) == 2:
                    pairs.append((self.lower(self.named(c)[0]), self.lower(self.named(c)[1])))
                else:
                    items.append(self.lower(c))
            given: Node = Map(self.at(first), pairs) if pairs else Seq(self.at(first), items)
            made.args.append(Arg(self.at(first), "{}", given))
        return made

    def array(self, n: Syntax) -> Node:
        found = self.of(n, "initializer_expression")
        return self.seq(found[0]) if found else Seq(self.at(n), [])

    def element(self, n: Syntax) -> Node:
        inner = self.named(n.child_by_field_name("subscript"))
        return Index(self.at(n), self.field(n, "expression"), self.first(inner[0]) if inner else self.nothing(n))

    def optional(self, n: Syntax) -> Node:
        obj = self.field(n, "condition")
        for c in self.named(n)[1:]:
            if c.type == "member_binding_expression":
                return Member(self.at(n), obj, self.text(c.child_by_field_name("name")))
            if c.type == "element_binding_expression":
                return Index(self.at(n), obj, self.first(c))
            rest = self.lower(c)
            return _within(rest, obj)
        return obj

    def binding(self, n: Syntax) -> Node:
        return Member(self.at(n), Name(self.at(n), "?"), self.text(n.child_by_field_name("name")))

    def generic(self, n: Syntax) -> Node:
        return Name(self.at(n), self.text(self.named(n)[0]))

    def cast(self, n: Syntax) -> Node:
        if self.text(n.child_by_field_name("type")) in ("int", "long", "double", "bool", "float", "decimal", "short"):
            return self.invoke(n, "(number)", self.field(n, "value"))
        return self.field(n, "value")

    def alias(self, n: Syntax) -> Node:
        return self.field(n, "left")

    def verbatim(self, n: Syntax) -> Node:
        return Const(self.at(n), self.text(n).lstrip("@")[1:-1])

    def outvar(self, n: Syntax) -> Node:
        return Name(self.at(n), self.text(n.child_by_field_name("name")))

    def branch(self, n: Syntax) -> Node:
        other = self.maybe(n, "alternative")
        return If(self.at(n), self.field(n, "condition"), self.field(n, "consequence"), other)

    def each(self, n: Syntax) -> Node:
        return Loop(self.at(n), self.field(n, "body"), target=self.field(n, "left"), over=self.field(n, "right"))

    def loop(self, n: Syntax) -> Node:
        return Loop(
            self.at(n),
            self.field(n, "body"),
            test=self.maybe(n, "condition"),
            init=self.maybe(n, "initializer"),
            step=self.maybe(n, "update"),
        )

    def using(self, n: Syntax) -> Node:
        body = n.child_by_field_name("body")
        return Block(self.at(n), [*(self.lower(c) for c in self.named(n) if c != body), self.lower(body)])

    def attempt(self, n: Syntax) -> Node:
        handlers = [self.field(c, "body") for c in self.of(n, "catch_clause")]
        last = [self.first(c) for c in self.of(n, "finally_clause")]
        return Try(self.at(n), self.field(n, "body"), handlers, last[0] if last else None)

    def switch(self, n: Syntax) -> Node:
        cases = []
        for c in self.of(n.child_by_field_name("body"), "switch_section"):
            values = [self.lower(x) for x in self.named(c) if x.type.endswith("_pattern")]
            body = Block(self.at(c), [self.lower(x) for x in self.named(c) if not x.type.endswith("_pattern")])
            cases.append(Case(self.at(c), values, body, falls=True))
        return Switch(self.at(n), self.field(n, "value"), cases)

    def match(self, n: Syntax) -> Node:
        inner = self.named(n)
        cases = []
        for c in self.of(n, "switch_expression_arm"):
            pattern, *_, value = self.named(c)
            values = [] if pattern.type == "discard" else [self.lower(pattern)]
            cases.append(Case(self.at(c), values, self.lower(value)))
        return Switch(self.at(n), self.lower(inner[0]), cases)

    def leave(self, n: Syntax) -> Node:
        inner = self.named(n)
        value = self.lower(inner[0]) if inner else None
        return Return(self.at(n), value) if n.type == "return_statement" else Jump(self.at(n), "raise", value)

    def jump(self, n: Syntax) -> Node:
        return Jump(self.at(n), n.type.split("_")[0])

    table = {
        "namespace_declaration": namespace,
        "file_scoped_namespace_declaration": Lower.nothing,
        "method_declaration": function,
        "constructor_declaration": function,
        "local_function_statement": function,
        "lambda_expression": function,
        "anonymous_method_expression": function,
        "class_declaration": klass,
        "record_declaration": klass,
        "struct_declaration": klass,
        "interface_declaration": Lower.nothing,
        "field_declaration": declaration,
        "local_declaration_statement": declaration,
        "variable_declaration": variables,
        "property_declaration": property,
        "using_directive": imports,
        "qualified_name": qualified,
        "alias_qualified_name": qualified,
        "generic_name": generic,
        "object_creation_expression": new,
        "implicit_object_creation_expression": new,
        "array_creation_expression": array,
        "implicit_array_creation_expression": array,
        "collection_expression": Lower.seq,
        "initializer_expression": Lower.seq,
        "invocation_expression": Lower.call,
        "member_access_expression": members("expression", "name"),
        "conditional_access_expression": optional,
        "member_binding_expression": binding,
        "element_access_expression": element,
        "assignment_expression": Lower.assign,
        "binary_expression": Lower.binary,
        "prefix_unary_expression": Lower.unary,
        "postfix_unary_expression": Lower.unary,
        "conditional_expression": Lower.cond,
        "cast_expression": cast,
        "as_expression": alias,
        "declaration_expression": outvar,
        "string_literal": Lower.string,
        "interpolated_string_expression": Lower.string,
        "verbatim_string_literal": verbatim,
        "raw_string_literal": Lower.quoted,
        "character_literal": Lower.quoted,
        "integer_literal": Lower.num,
        "real_literal": Lower.num,
        "boolean_literal": Lower.boolean,
        "null_literal": Lower.null,
        "this": Lower.this,
        "if_statement": branch,
        "foreach_statement": each,
        "for_statement": loop,
        "while_statement": loop,
        "do_statement": loop,
        "using_statement": using,
        "try_statement": attempt,
        "switch_statement": switch,
        "switch_expression": match,
        "return_statement": leave,
        "throw_statement": leave,
        "throw_expression": leave,
        "break_statement": jump,
        "continue_statement": jump,
    }

    def is_hole(self, n: Syntax) -> bool:
        return n.type == "interpolation"

    def hole(self, n: Syntax) -> list[Syntax]:
        return [c for c in self.named(n) if c.type not in ("interpolation_brace", "interpolation_format_clause")][:1]


def _within(node: Node, obj: Node) -> Node:
    """`a?.B().C` parses as a condition and a chain that begins with a binding: put the object there."""
    at: Node = node
    while True:
        if isinstance(at, Call):
            at = at.func
        elif isinstance(at, Member | Index):
            if isinstance(at.obj, Name) and at.obj.id == "?":
                at.obj = obj
                return node
            at = at.obj
        else:
            return node
