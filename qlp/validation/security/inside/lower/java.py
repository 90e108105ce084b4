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
    Jump,
    Loop,
    Member,
    Name,
    Node,
    Param,
    Return,
    Seq,
    Switch,
    Try,
)
from .base import Lower, Syntax, dotted, indexes, members


class JavaLower(Lower):
    language = "java"
    names = frozenset({"identifier", "type_identifier"})
    through = frozenset({"expression_statement", "parenthesized_expression", "labeled_statement", "finally_clause"})
    blocks = frozenset({"program", "block", "constructor_body", "static_initializer", "synchronized_statement"})

    def marks(self, n: Syntax) -> list[Node]:
        made: list[Node] = []
        for modifiers in self.of(n, "modifiers"):
            for a in self.of(modifiers, "annotation", "marker_annotation"):
                name = Name(self.at(a), self.text(a.child_by_field_name("name")))
                made.append(Call(self.at(a), name, self.args(a.child_by_field_name("arguments"))))
        return made

    def arg(self, n: Syntax) -> Arg:
        if n.type == "element_value_pair":
            return Arg(self.at(n), self.text(n.child_by_field_name("key")), self.field(n, "value"))
        return Arg(self.at(n), "", self.lower(n))

    def function(self, n: Syntax) -> Node:
        name = "<init>" if n.type == "constructor_declaration" else self.text(n.child_by_field_name("name"))
        body = n.child_by_field_name("body")
        return Func(
            self.at(n),
            name,
            self.params(n.child_by_field_name("parameters")),
            self.nothing(n) if body is None else self.lower(body),
            self.marks(n),
            returns=self.text(n.child_by_field_name("type")),
        )

    def params(self, n: Syntax | None) -> list[Param]:
        if n is not None and n.type == "identifier":
            return [Param(self.at(n), self.text(n))]
        made = []
        for c in self.named(n):
            if c.type == "identifier":
                made.append(Param(self.at(c), self.text(c)))
            elif c.type in ("formal_parameter", "spread_parameter"):
                name = self.text(c.child_by_field_name("name")) or self.text(self.named(c)[-1])
                marks = tuple(
                    self.text(a.child_by_field_name("name"))
                    for m in self.of(c, "modifiers")
                    for a in self.of(m, "annotation", "marker_annotation")
                )
                made.append(Param(self.at(c), name, dotted(self.text(c.child_by_field_name("type"))), None, marks))
        return made

    def anonymous(self, n: Syntax) -> Node:
        body = n.child_by_field_name("body")
        params = self.params(n.child_by_field_name("parameters"))
        return Func(self.at(n), "", params, self.lower(body), arrow=body is not None and body.type != "block")

    def klass(self, n: Syntax) -> Node:
        bases = [self.text(c) for f in ("superclass", "interfaces") for c in self.named(n.child_by_field_name(f))]
        body = [self.lower(c) for c in self.named(n.child_by_field_name("body"))]
        return Class(self.at(n), self.text(n.child_by_field_name("name")), bases, body, self.marks(n))

    def declare(self, n: Syntax) -> Node:
        kind = self.text(n.child_by_field_name("type"))
        made: list[Node] = []
        for d in n.children_by_field_name("declarator"):
            value = d.child_by_field_name("value")
            name = Name(self.at(d), self.text(d.child_by_field_name("name")))
            made.append(Assign(self.at(d), name, self.lower(value), "=", dotted(kind)))
        return made[0] if len(made) == 1 else Block(self.at(n), made)

    def imports(self, n: Syntax) -> Node:
        path = self.text(self.named(n)[0])
        wild = bool(self.of(n, "asterisk"))
        return Import(self.at(n), {} if wild else {path.rsplit(".", 1)[-1]: path}, path)

    def invoke_method(self, n: Syntax) -> Node:
        obj = n.child_by_field_name("object")
        name = self.text(n.child_by_field_name("name"))
        func: Node = Name(self.at(n), name) if obj is None else Member(self.at(n), self.lower(obj), name)
        return Call(self.at(n), func, self.args(n.child_by_field_name("arguments")))

    def new(self, n: Syntax) -> Node:
        kind = dotted(self.text(n.child_by_field_name("type")))
        args = self.args(n.child_by_field_name("arguments"))
        made = Call(self.at(n), self.path(n, kind), args, new=True)
        bodies = self.of(n, "class_body")
        if bodies:
            body = [self.lower(c) for c in self.named(bodies[0])]
            return Block(self.at(n), [Class(self.at(n), "", [kind], body), made])
        return made

    def path(self, n: Syntax, dots: str) -> Node:
        first, *rest = dots.split(".")
        made: Node = Name(self.at(n), first)
        for name in rest:
            made = Member(self.at(n), made, name)
        return made

    def array(self, n: Syntax) -> Node:
        value = n.child_by_field_name("value")
        return Seq(self.at(n), []) if value is None else self.lower(value)

    def cast(self, n: Syntax) -> Node:
        kind = self.text(n.child_by_field_name("type"))
        if kind in ("int", "long", "short", "double", "float", "boolean", "Integer", "Long"):
            return self.invoke(n, "(number)", self.field(n, "value"))
        return self.field(n, "value")

    def character(self, n: Syntax) -> Node:
        return Const(self.at(n), self.text(n).strip("'"))

    def branch(self, n: Syntax) -> Node:
        other = self.maybe(n, "alternative")
        return If(self.at(n), self.field(n, "condition"), self.field(n, "consequence"), other)

    def each(self, n: Syntax) -> Node:
        target = Name(self.at(n), self.text(n.child_by_field_name("name")))
        return Loop(self.at(n), self.field(n, "body"), target=target, over=self.field(n, "value"))

    def loop(self, n: Syntax) -> Node:
        return Loop(
            self.at(n),
            self.field(n, "body"),
            test=self.maybe(n, "condition"),
            init=self.maybe(n, "init"),
            step=self.maybe(n, "update"),
        )

    def attempt(self, n: Syntax) -> Node:
        body: list[Node] = []
        for c in self.named(n.child_by_field_name("resources")):
            if c.child_by_field_name("value") is not None:
                name = Name(self.at(c), self.text(c.child_by_field_name("name")))
                kind = dotted(self.text(c.child_by_field_name("type")))
                body.append(Assign(self.at(c), name, self.field(c, "value"), "=", kind))
        body.append(self.field(n, "body"))
        handlers = [self.field(c, "body") for c in self.of(n, "catch_clause")]
        last = [self.first(c) for c in self.of(n, "finally_clause")]
        return Try(self.at(n), Block(self.at(n), body), handlers, last[0] if last else None)

    def switch(self, n: Syntax) -> Node:
        cases: list[Case] = []
        for c in self.named(n.child_by_field_name("body")):
            labels = self.of(c, "switch_label")
            values = [self.lower(v) for label in labels for v in self.named(label)]
            plain = any(self.text(label).startswith("default") for label in labels)
            body = Block(self.at(c), [self.lower(x) for x in self.named(c) if x.type != "switch_label"])
            falls = c.type == "switch_block_statement_group"
            cases.append(Case(self.at(c), [] if plain else values, body, falls))
        return Switch(self.at(n), self.field(n, "condition"), cases)

    def leave(self, n: Syntax) -> Node:
        inner = self.named(n)
        value = self.lower(inner[0]) if inner else None
        return Return(self.at(n), value) if n.type == "return_statement" else Jump(self.at(n), "raise", value)

    def jump(self, n: Syntax) -> Node:
        return Jump(self.at(n), n.type.split("_")[0])

    def reference(self, n: Syntax) -> Node:
        inner = self.named(n)
        if len(inner) == 2:
            return Member(self.at(n), self.lower(inner[0]), self.text(inner[1]))
        return self.nothing(n)

    table = {
        "method_declaration": function,
        "constructor_declaration": function,
        "lambda_expression": anonymous,
        "class_declaration": klass,
        "interface_declaration": klass,
        "enum_declaration": klass,
        "record_declaration": klass,
        "field_declaration": declare,
        "constant_declaration": declare,
        "local_variable_declaration": declare,
        "import_declaration": imports,
        "package_declaration": Lower.nothing,
        "method_invocation": invoke_method,
        "object_creation_expression": new,
        "array_creation_expression": array,
        "array_initializer": Lower.seq,
        "element_value_array_initializer": Lower.seq,
        "field_access": members("object", "field"),
        "array_access": indexes("array", "index"),
        "assignment_expression": Lower.assign,
        "binary_expression": Lower.binary,
        "unary_expression": Lower.unary,
        "update_expression": Lower.unary,
        "ternary_expression": Lower.cond,
        "cast_expression": cast,
        "string_literal": Lower.string,
        "text_block": Lower.string,
        "character_literal": character,
        "decimal_integer_literal": Lower.num,
        "hex_integer_literal": Lower.num,
        "octal_integer_literal": Lower.num,
        "decimal_floating_point_literal": Lower.num,
        "true": Lower.true,
        "false": Lower.false,
        "null_literal": Lower.null,
        "this": Lower.this,
        "class_literal": Lower.nothing,
        "method_reference": reference,
        "if_statement": branch,
        "enhanced_for_statement": each,
        "for_statement": loop,
        "while_statement": loop,
        "do_statement": loop,
        "try_statement": attempt,
        "try_with_resources_statement": attempt,
        "switch_expression": switch,
        "switch_statement": switch,
        "return_statement": leave,
        "throw_statement": leave,
        "yield_statement": Lower.first,
        "break_statement": jump,
        "continue_statement": jump,
    }
