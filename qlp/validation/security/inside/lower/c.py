from __future__ import annotations

from ..ir import (
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
    Unary,
)
from .base import Lower, Syntax, dotted, members, number


class CLower(Lower):
    """C and C++."""

    language = "c"
    names = frozenset({"identifier", "field_identifier", "namespace_identifier", "type_identifier"})
    through = frozenset(
        {
            "expression_statement", "parenthesized_expression", "labeled_statement", "linkage_specification",
            "template_declaration", "reference_declarator",
        }
    )  # fmt: skip
    blocks = frozenset(
        {
            "translation_unit", "compound_statement", "declaration_list", "preproc_if", "preproc_ifdef", "preproc_else",
            "field_declaration_list",
        }
    )  # fmt: skip

    def declared(self, n: Syntax | None) -> tuple[str, Syntax | None, str, bool]:
        """(name, array size, the function's own parameters or '', whether it is a pointer)."""
        pointer = False
        size: Syntax | None = None
        array = ""
        while n is not None and n.type not in ("identifier", "field_identifier", "qualified_identifier"):
            if n.type == "pointer_declarator":
                pointer = True
            elif n.type == "array_declarator":
                array, size = "[]", n.child_by_field_name("size")
            elif n.type == "function_declarator":
                array = "()"
            inner = n.child_by_field_name("declarator")
            n = inner if inner is not None else (self.named(n) or [None])[0]
        return self.text(n), size, array, pointer

    def function(self, n: Syntax) -> Node:
        d = n.child_by_field_name("declarator")
        name = self.declared(d)[0].split("::")[-1]
        while d is not None and d.type != "function_declarator":
            d = d.child_by_field_name("declarator")
        params = self.params(None if d is None else d.child_by_field_name("parameters"))
        return Func(self.at(n), name, params, self.field(n, "body"), returns=self.text(n.child_by_field_name("type")))

    def params(self, n: Syntax | None) -> list[Param]:
        made = []
        for c in self.of(n, "parameter_declaration", "optional_parameter_declaration") if n is not None else []:
            name, _, array, pointer = self.declared(c.child_by_field_name("declarator"))
            kind = dotted(self.text(c.child_by_field_name("type")))
            made.append(Param(self.at(c), name, kind + ("*" if pointer or array else "")))
        return made

    def lambdas(self, n: Syntax) -> Node:
        d = n.child_by_field_name("declarator")
        params = self.params(None if d is None else d.child_by_field_name("parameters"))
        return Func(self.at(n), "", params, self.field(n, "body"))

    def declaration(self, n: Syntax) -> Node:
        base = dotted(self.text(n.child_by_field_name("type")))
        made: list[Node] = []
        for d in n.children_by_field_name("declarator"):
            value = d.child_by_field_name("value") if d.type == "init_declarator" else None
            name, size, array, pointer = self.declared(d)
            if array == "()" and value is None:
                continue
            kind = base + ("*" if pointer else "") + array
            if value is not None and value.type == "argument_list":
                at = self.at(d)
                given: Node = Call(at, Name(at, base), self.args(value), new=True)
            elif value is not None:
                given = self.lower(value)
            else:
                given = Const(self.at(d), None)
            if array == "[]":
                kind = f"{base}[{self.text(size)}]"
                if size is not None and value is None:
                    given = self.invoke(d, "(array)", self.lower(size))
            made.append(Assign(self.at(d), Name(self.at(d), name), given, ":=" if value is None else "=", kind))
        return made[0] if len(made) == 1 else Block(self.at(n), made)

    def define(self, n: Syntax) -> Node:
        text = self.text(n.child_by_field_name("value")).strip()
        value: str | int | float | None = text[1:-1] if text[:1] == '"' else number(text)
        return Assign(self.at(n), Name(self.at(n), self.text(n.child_by_field_name("name"))), Const(self.at(n), value))

    def include(self, n: Syntax) -> Node:
        return Import(self.at(n), {}, self.text(n.child_by_field_name("path")).strip('<>"'))

    def klass(self, n: Syntax) -> Node:
        body = n.child_by_field_name("body")
        if body is None:
            return self.nothing(n)
        return Class(
            self.at(n), self.text(n.child_by_field_name("name")), [], [self.lower(c) for c in self.named(body)]
        )

    def subscript(self, n: Syntax) -> Node:
        key = n.child_by_field_name("indices") or n.child_by_field_name("index")
        inner = self.named(key)[0] if key is not None and key.type == "subscript_argument_list" else key
        return Index(self.at(n), self.field(n, "argument"), self.lower(inner))

    def pointer(self, n: Syntax) -> Node:
        made = self.field(n, "argument")
        return Unary(self.at(n), "*", made) if self.op(n) == "*" else made

    def size(self, n: Syntax) -> Node:
        value = n.child_by_field_name("value") or n.child_by_field_name("type")
        inner = (
            self.first(value) if value is not None and value.type == "parenthesized_expression" else self.lower(value)
        )
        return self.invoke(n, "sizeof", inner)

    def cast(self, n: Syntax) -> Node:
        kind = self.text(n.child_by_field_name("type"))
        if "*" not in kind and dotted(kind) in (
            "int",
            "long",
            "short",
            "size_t",
            "unsigned",
            "double",
            "float",
            "char",
        ):
            return self.invoke(n, "(number)", self.field(n, "value"))
        return self.field(n, "value")

    def new(self, n: Syntax) -> Node:
        at = self.at(n)
        return Call(
            at,
            Name(at, dotted(self.text(n.child_by_field_name("type")))),
            self.args(n.child_by_field_name("arguments")),
            new=True,
        )

    def delete(self, n: Syntax) -> Node:
        return self.invoke(n, "free", self.first(n))

    def qualified(self, n: Syntax) -> Node:
        scope = n.child_by_field_name("scope")
        inner = n.child_by_field_name("name")
        if scope is None or inner is None:
            return Name(self.at(n), dotted(self.text(n)))
        first, *rest = dotted(self.text(n)).split(".")
        made: Node = Name(self.at(n), first)
        for name in rest:
            made = Member(self.at(n), made, name)
        return made

    def character(self, n: Syntax) -> Node:
        return Const(self.at(n), self.text(n).strip("'"))

    def listing(self, n: Syntax) -> Node:
        pairs = [
            (Const(self.at(c), self.text(c.child_by_field_name("designator")).lstrip(".")), self.field(c, "value"))
            for c in self.of(n, "initializer_pair")
        ]
        return Map(self.at(n), list(pairs)) if pairs else Seq(self.at(n), [self.lower(c) for c in self.named(n)])

    def condition(self, n: Syntax) -> Node:
        return self.first(n) if n.child_by_field_name("value") is None else self.field(n, "value")

    def branch(self, n: Syntax) -> Node:
        other = n.child_by_field_name("alternative")
        made = None if other is None else self.first(other) if other.type == "else_clause" else self.lower(other)
        return If(self.at(n), self.field(n, "condition"), self.field(n, "consequence"), made)

    def each(self, n: Syntax) -> Node:
        target = Name(self.at(n), self.declared(n.child_by_field_name("declarator"))[0])
        return Loop(self.at(n), self.field(n, "body"), target=target, over=self.field(n, "right"))

    def loop(self, n: Syntax) -> Node:
        return Loop(
            self.at(n),
            self.field(n, "body"),
            test=self.maybe(n, "condition"),
            init=self.maybe(n, "initializer"),
            step=self.maybe(n, "update"),
        )

    def attempt(self, n: Syntax) -> Node:
        return Try(self.at(n), self.field(n, "body"), [self.field(c, "body") for c in self.of(n, "catch_clause")])

    def switch(self, n: Syntax) -> Node:
        cases = []
        body = n.child_by_field_name("body")
        for c in self.of(body, "case_statement") if body is not None else []:
            value = c.child_by_field_name("value")
            inner = Block(self.at(c), [self.lower(x) for x in self.named(c) if x != value])
            cases.append(Case(self.at(c), [] if value is None else [self.lower(value)], inner, falls=True))
        return Switch(self.at(n), self.field(n, "condition"), cases)

    def leave(self, n: Syntax) -> Node:
        inner = self.named(n)
        value = self.lower(inner[0]) if inner else None
        return Return(self.at(n), value) if n.type == "return_statement" else Jump(self.at(n), "raise", value)

    def jump(self, n: Syntax) -> Node:
        return Jump(self.at(n), n.type.split("_")[0])

    table = {
        "function_definition": function,
        "lambda_expression": lambdas,
        "declaration": declaration,
        "field_declaration": declaration,
        "preproc_def": define,
        "preproc_include": include,
        "preproc_function_def": Lower.nothing,
        "type_definition": Lower.nothing,
        "struct_specifier": klass,
        "class_specifier": klass,
        "call_expression": Lower.call,
        "field_expression": members("argument", "field"),
        "subscript_expression": subscript,
        "pointer_expression": pointer,
        "qualified_identifier": qualified,
        "sizeof_expression": size,
        "assignment_expression": Lower.assign,
        "binary_expression": Lower.binary,
        "unary_expression": Lower.unary,
        "update_expression": Lower.unary,
        "conditional_expression": Lower.cond,
        "comma_expression": Lower.block,
        "cast_expression": cast,
        "new_expression": new,
        "delete_expression": delete,
        "string_literal": Lower.string,
        "raw_string_literal": Lower.quoted,
        "concatenated_string": Lower.concatenated,
        "char_literal": character,
        "number_literal": Lower.num,
        "true": Lower.true,
        "false": Lower.false,
        "null": Lower.null,
        "this": Lower.this,
        "initializer_list": listing,
        "condition_clause": condition,
        "if_statement": branch,
        "for_range_loop": each,
        "for_statement": loop,
        "while_statement": loop,
        "do_statement": loop,
        "try_statement": attempt,
        "switch_statement": switch,
        "return_statement": leave,
        "throw_statement": leave,
        "goto_statement": jump,
        "break_statement": jump,
        "continue_statement": jump,
    }
