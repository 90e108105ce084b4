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
    Other,
    Param,
    Return,
    Seq,
    Switch,
    Try,
)
from .base import Lower, Syntax, dotted, members


class PhpLower(Lower):
    language = "php"
    names = frozenset({"name"})
    skip = frozenset({"php_tag", "php_end_tag", "text"})
    through = frozenset(
        {
            "expression_statement", "parenthesized_expression", "error_suppression_expression", "argument",
            "reference_assignment_expression", "by_ref", "clone_expression",
        }
    )  # fmt: skip
    blocks = frozenset({"compound_statement", "declaration_list", "colon_block", "text_interpolation"})

    def program(self, n: Syntax) -> Node:
        """`<?= x ?>` is an echo."""
        body: list[Node] = []
        short = False
        for c in n.named_children:
            if c.type == "php_tag":
                short = self.text(c) == "<?="
            elif c.type == "text_interpolation":
                tags = self.of(c, "php_tag")
                short = bool(tags) and self.text(tags[-1]) == "<?="
            elif "comment" not in c.type and c.type != "text":
                made = self.lower(c)
                body.append(self.invoke(c, "echo", made) if short and c.type == "expression_statement" else made)
                short = False
        return Block(self.at(n), body)

    def block(self, n: Syntax) -> Node:
        return self.program(n)

    def variable(self, n: Syntax) -> Node:
        return Name(self.at(n), self.text(n).lstrip("$"))

    def qualified(self, n: Syntax) -> Node:
        first, *rest = dotted(self.text(n)).split(".")
        made: Node = Name(self.at(n), first)
        for name in rest:
            made = Member(self.at(n), made, name)
        return made

    def function(self, n: Syntax) -> Node:
        name = self.text(n.child_by_field_name("name"))
        body = n.child_by_field_name("body")
        marks = [
            Call(
                self.at(a),
                Name(self.at(a), self.text(self.named(a)[0])),
                self.args(a.child_by_field_name("parameters")),
            )
            for group in self.of(n, "attribute_list")
            for g in self.named(group)
            for a in self.of(g, "attribute")
        ]
        return Func(
            self.at(n),
            "<init>" if name == "__construct" else name,
            self.params(n.child_by_field_name("parameters")),
            self.nothing(n) if body is None else self.lower(body),
            [*marks],
            arrow=n.type == "arrow_function",
        )

    def params(self, n: Syntax | None) -> list[Param]:
        return [
            Param(
                self.at(c),
                self.text(c.child_by_field_name("name")).lstrip("$&."),
                dotted(self.text(c.child_by_field_name("type"))),
                self.maybe(c, "default_value"),
            )
            for c in self.named(n)
        ]

    def klass(self, n: Syntax) -> Node:
        bases = [dotted(self.text(b)) for c in self.of(n, "base_clause") for b in self.named(c)]
        body = self.named(n.child_by_field_name("body"))
        return Class(self.at(n), self.text(n.child_by_field_name("name")), bases, [self.lower(c) for c in body])

    def property(self, n: Syntax) -> Node:
        made: list[Node] = []
        for c in self.of(n, "property_element"):
            if c.child_by_field_name("default_value") is not None:
                made.append(Assign(self.at(c), self.first(c), self.field(c, "default_value")))
        return Block(self.at(n), made)

    def constant(self, n: Syntax) -> Node:
        made: list[Node] = []
        for c in self.of(n, "const_element"):
            inner = self.named(c)
            made.append(Assign(self.at(c), self.lower(inner[0]), self.lower(inner[-1])))
        return Block(self.at(n), made)

    def imports(self, n: Syntax) -> Node:
        names: dict[str, str] = {}
        for c in self.of(n, "namespace_use_clause"):
            path = dotted(self.text(self.named(c)[0]))
            names[self.text(c.child_by_field_name("alias")) or path.rsplit(".", 1)[-1]] = path
        return Import(self.at(n), names, next(iter(names.values()), ""))

    def arg(self, n: Syntax) -> Arg:
        name = n.child_by_field_name("name")
        inner = [c for c in self.named(n) if c != name]
        return Arg(self.at(n), self.text(name), self.lower(inner[-1] if inner else n))

    def method(self, n: Syntax) -> Node:
        scope = n.child_by_field_name("object") or n.child_by_field_name("scope")
        obj = Name(self.at(n), "this") if self.text(scope) in ("self", "static", "$this") else self.lower(scope)
        func = Member(self.at(n), obj, self.text(n.child_by_field_name("name")).lstrip("$"))
        return Call(self.at(n), func, self.args(n.child_by_field_name("arguments")))

    def new(self, n: Syntax) -> Node:
        inner = self.named(n)
        given = self.of(n, "arguments")
        return Call(self.at(n), self.lower(inner[0]), self.args(given[0] if given else None), new=True)

    def static(self, n: Syntax) -> Node:
        inner = self.named(n)
        return Member(self.at(n), self.lower(inner[0]), self.text(inner[-1]).lstrip("$"))

    def subscript(self, n: Syntax) -> Node:
        inner = self.named(n)
        key = self.lower(inner[1]) if len(inner) > 1 else Const(self.at(n), None)
        if isinstance(key, Name) and len(inner) > 1 and inner[1].type == "name":
            key = Const(key.at, key.id)
        return Index(self.at(n), self.lower(inner[0]), key)

    def echo(self, n: Syntax) -> Node:
        inner = self.named(n)
        if len(inner) == 1 and inner[0].type == "sequence_expression":
            inner = self.named(inner[0])
        return self.invoke(n, "echo", *(self.lower(c) for c in inner))

    def printed(self, n: Syntax) -> Node:
        return self.invoke(n, "print", self.first(n))

    def include(self, n: Syntax) -> Node:
        return self.invoke(n, "include", self.first(n))

    def shell(self, n: Syntax) -> Node:
        return self.invoke(n, "shell_exec", self.string(n))

    def heredoc(self, n: Syntax) -> Node:
        body = n.child_by_field_name("value")
        return Const(self.at(n), "") if body is None else self.string(body)

    def nowdoc(self, n: Syntax) -> Node:
        return Const(self.at(n), self.text(n))

    def array(self, n: Syntax) -> Node:
        pairs: list[tuple[Node, Node]] = []
        items: list[Node] = []
        for c in self.named(n):
            inner = self.named(c) if c.type == "array_element_initializer" else [c]
            if len(inner) == 2:
                pairs.append((self.lower(inner[0]), self.lower(inner[1])))
            elif inner:
                items.append(self.lower(inner[0]))
        if pairs:
            return Map(self.at(n), pairs + [(Const(i.at, None), i) for i in items])
        return Other(self.at(n), []) if not items and self.named(n) else Seq(self.at(n), items)

    def cast(self, n: Syntax) -> Node:
        if self.text(n.child_by_field_name("type")).lower() in ("int", "integer", "float", "double", "bool", "boolean"):
            return self.invoke(n, "(number)", self.field(n, "value"))
        return self.field(n, "value")

    def branch(self, n: Syntax) -> Node:
        made: Node | None = None
        for c in reversed(n.children_by_field_name("alternative")):
            if c.type == "else_if_clause":
                made = If(self.at(c), self.field(c, "condition"), self.field(c, "body"), made)
            else:
                made = self.field(c, "body")
        return If(self.at(n), self.field(n, "condition"), self.field(n, "body"), made)

    def each(self, n: Syntax) -> Node:
        inner = self.named(n)
        target = self.lower(self.named(inner[1])[-1] if inner[1].type == "pair" else inner[1])
        return Loop(self.at(n), self.field(n, "body"), target=target, over=self.lower(inner[0]))

    def loop(self, n: Syntax) -> Node:
        body = n.child_by_field_name("body")
        return Loop(
            self.at(n),
            self.nothing(n) if body is None else self.lower(body),
            test=self.maybe(n, "condition"),
            init=self.maybe(n, "initialize"),
            step=self.maybe(n, "update"),
        )

    def attempt(self, n: Syntax) -> Node:
        handlers = [self.field(c, "body") for c in self.of(n, "catch_clause")]
        last = [self.field(c, "body") for c in self.of(n, "finally_clause")]
        return Try(self.at(n), self.field(n, "body"), handlers, last[0] if last else None)

    def switch(self, n: Syntax) -> Node:
        cases = []
        for c in self.named(n.child_by_field_name("body")):
            value = c.child_by_field_name("value")
            body = Block(self.at(c), [self.lower(x) for x in self.named(c) if x != value])
            cases.append(Case(self.at(c), [] if value is None else [self.lower(value)], body, falls=True))
        return Switch(self.at(n), self.field(n, "condition"), cases)

    def match(self, n: Syntax) -> Node:
        cases = []
        for c in self.named(n.child_by_field_name("body")):
            values = [self.lower(v) for v in self.named(c.child_by_field_name("conditional_expressions"))]
            cases.append(Case(self.at(c), values, self.field(c, "return_expression")))
        return Switch(self.at(n), self.field(n, "condition"), cases)

    def leave(self, n: Syntax) -> Node:
        inner = self.named(n)
        value = self.lower(inner[0]) if inner else None
        if n.type == "return_statement":
            return Return(self.at(n), value)
        if n.type == "exit_statement" and value is not None:
            return Block(self.at(n), [self.invoke(n, "echo", value), Jump(self.at(n), "exit")])
        return Jump(self.at(n), "raise", value)

    def jump(self, n: Syntax) -> Node:
        return Jump(self.at(n), n.type.split("_")[0])

    table = {
        "program": program,
        "variable_name": variable,
        "qualified_name": qualified,
        "namespace_name": qualified,
        "named_type": qualified,
        "function_definition": function,
        "method_declaration": function,
        "anonymous_function": function,
        "arrow_function": function,
        "class_declaration": klass,
        "trait_declaration": klass,
        "property_declaration": property,
        "const_declaration": constant,
        "namespace_use_declaration": imports,
        "namespace_definition": Lower.nothing,
        "function_call_expression": Lower.call,
        "member_call_expression": method,
        "nullsafe_member_call_expression": method,
        "scoped_call_expression": method,
        "object_creation_expression": new,
        "member_access_expression": members("object", "name"),
        "nullsafe_member_access_expression": members("object", "name"),
        "scoped_property_access_expression": static,
        "class_constant_access_expression": static,
        "subscript_expression": subscript,
        "assignment_expression": Lower.assign,
        "augmented_assignment_expression": Lower.assign,
        "binary_expression": Lower.binary,
        "unary_op_expression": Lower.unary,
        "update_expression": Lower.unary,
        "conditional_expression": Lower.cond,
        "cast_expression": cast,
        "string": Lower.string,
        "encapsed_string": Lower.string,
        "heredoc": heredoc,
        "nowdoc": nowdoc,
        "shell_command_expression": shell,
        "integer": Lower.num,
        "float": Lower.num,
        "boolean": Lower.boolean,
        "null": Lower.null,
        "array_creation_expression": array,
        "list_literal": Lower.seq,
        "sequence_expression": Lower.block,
        "echo_statement": echo,
        "print_intrinsic": printed,
        "include_expression": include,
        "include_once_expression": include,
        "require_expression": include,
        "require_once_expression": include,
        "if_statement": branch,
        "foreach_statement": each,
        "for_statement": loop,
        "while_statement": loop,
        "do_statement": loop,
        "try_statement": attempt,
        "switch_statement": switch,
        "match_expression": match,
        "return_statement": leave,
        "throw_expression": leave,
        "exit_statement": leave,
        "break_statement": jump,
        "continue_statement": jump,
    }
