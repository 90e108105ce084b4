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
    Map,
    Name,
    Node,
    Param,
    Return,
    Switch,
    Try,
)
from .base import Lower, Syntax, dotted, indexes, members


class JavaScriptLower(Lower):
    language = "javascript"
    names = frozenset({"identifier", "shorthand_property_identifier", "type_identifier", "private_property_identifier"})
    through = frozenset(
        {
            "expression_statement", "parenthesized_expression", "await_expression", "non_null_expression",
            "type_annotation", "export_statement", "jsx_expression", "yield_expression", "computed_property_name",
        }
    )  # fmt: skip
    blocks = frozenset({"program", "statement_block", "class_static_block"})

    def function(self, n: Syntax) -> Node:
        one = n.child_by_field_name("parameter")
        params = [self.param(one)] if one is not None else self.params(n.child_by_field_name("parameters"))
        body = n.child_by_field_name("body")
        arrow = n.type == "arrow_function" and body is not None and body.type != "statement_block"
        name = self.text(n.child_by_field_name("name"))
        marks = [self.first(d) for d in self.of(n, "decorator")]
        return Func(self.at(n), name, params, self.lower(body), marks, arrow=arrow)

    def params(self, n: Syntax | None) -> list[Param]:
        return [self.param(c) for c in self.named(n)]

    def param(self, n: Syntax) -> Param:
        target = n.child_by_field_name("pattern") or n.child_by_field_name("left") or n
        kind = dotted(self.text(n.child_by_field_name("type")).lstrip(":"))
        default = self.maybe(n, "value") if n.type != "assignment_pattern" else self.maybe(n, "right")
        marks = tuple(self.text(d).lstrip("@") for d in self.of(n, "decorator"))
        if target.type == "assignment_pattern":
            target = target.child_by_field_name("left")
        if target.type in ("object_pattern", "array_pattern"):
            keys = tuple(self.text(k.child_by_field_name("key") or k) for k in self.named(target))
            return Param(self.at(n), "", kind, default, marks, keys)
        return Param(self.at(n), self.text(target).lstrip("."), kind, default, marks)

    def klass(self, n: Syntax) -> Node:
        bases = [self.text(c).removeprefix("extends").strip() for c in self.of(n, "class_heritage")]
        body = n.child_by_field_name("body")
        made: list[Node] = []
        pending: list[Node] = []
        for c in self.named(body):
            if c.type == "decorator":
                pending.append(self.first(c))
                continue
            node = self.lower(c)
            if isinstance(node, Func) and pending:
                node.marks, pending = [*pending, *node.marks], []
            made.append(node)
        return Class(self.at(n), self.text(n.child_by_field_name("name")), bases, made)

    def property(self, n: Syntax) -> Node:
        name = n.child_by_field_name("name") or n.child_by_field_name("property")
        if n.child_by_field_name("value") is None:
            return self.nothing(n)
        return Assign(self.at(n), Name(self.at(n), self.text(name)), self.field(n, "value"))

    def declare(self, n: Syntax) -> Node:
        if n.child_by_field_name("value") is None:
            return self.nothing(n)
        kind = dotted(self.text(n.child_by_field_name("type")).lstrip(":"))
        return Assign(self.at(n), self.field(n, "name"), self.field(n, "value"), "=", kind)

    def declarations(self, n: Syntax) -> Node:
        made = [self.lower(c) for c in self.named(n)]
        return made[0] if len(made) == 1 else Block(self.at(n), made)

    def imports(self, n: Syntax) -> Node:
        module = self.text(n.child_by_field_name("source")).strip("'\"")
        path = module.removeprefix("node:")
        names: dict[str, str] = {}
        todo = self.named(n)
        while todo:
            c = todo.pop()
            if c.type in ("import_clause", "named_imports"):
                todo += self.named(c)
            elif c.type == "identifier":
                names[self.text(c)] = path
            elif c.type == "namespace_import":
                names[self.text(self.named(c)[0])] = path
            elif c.type == "import_specifier":
                name = self.text(c.child_by_field_name("name"))
                names[self.text(c.child_by_field_name("alias")) or name] = f"{path}.{name}"
        return Import(self.at(n), names, module)

    def new(self, n: Syntax) -> Node:
        args = self.args(n.child_by_field_name("arguments"))
        return Call(self.at(n), self.field(n, "constructor"), args, new=True)

    def call(self, n: Syntax) -> Node:
        given = n.child_by_field_name("arguments")
        func = self.field(n, "function")
        if given is not None and given.type == "template_string":
            return Call(self.at(n), func, [Arg(self.at(given), "`", self.lower(given))])
        return Call(self.at(n), func, self.args(given))

    def arg(self, n: Syntax) -> Arg:
        return Arg(self.at(n), "*", self.first(n)) if n.type == "spread_element" else Arg(self.at(n), "", self.lower(n))

    def object(self, n: Syntax) -> Node:
        pairs: list[tuple[Node, Node]] = []
        for c in self.named(n):
            if c.type in ("pair", "pair_pattern"):
                pairs.append((self.key(c.child_by_field_name("key")), self.field(c, "value")))
            elif c.type in ("shorthand_property_identifier", "shorthand_property_identifier_pattern"):
                pairs.append((Const(self.at(c), self.text(c)), Name(self.at(c), self.text(c))))
            elif c.type == "object_assignment_pattern":
                left = self.text(c.child_by_field_name("left"))
                pairs.append((Const(self.at(c), left), Name(self.at(c), left)))
            elif c.type == "method_definition":
                pairs.append((Const(self.at(c), self.text(c.child_by_field_name("name"))), self.function(c)))
            else:
                pairs.append((self.nothing(c), self.first(c)))
        return Map(self.at(n), pairs)

    def key(self, n: Syntax) -> Node:
        if n.type in ("property_identifier", "string", "number"):
            return Const(self.at(n), self.text(n).strip("'\""))
        return self.lower(n)

    def defaulted(self, n: Syntax) -> Node:
        return self.field(n, "left")

    def cast(self, n: Syntax) -> Node:
        return self.lower(self.named(n)[0])

    def regex(self, n: Syntax) -> Node:
        pattern = Const(self.at(n), self.text(n.child_by_field_name("pattern")))
        return self.invoke(n, "RegExp", pattern, Const(self.at(n), self.text(n.child_by_field_name("flags"))))

    def branch(self, n: Syntax) -> Node:
        other = n.child_by_field_name("alternative")
        return If(
            self.at(n),
            self.field(n, "condition"),
            self.field(n, "consequence"),
            None if other is None else self.first(other),
        )

    def each(self, n: Syntax) -> Node:
        return Loop(self.at(n), self.field(n, "body"), target=self.field(n, "left"), over=self.field(n, "right"))

    def loop(self, n: Syntax) -> Node:
        return Loop(
            self.at(n),
            self.field(n, "body"),
            test=self.maybe(n, "condition"),
            init=self.maybe(n, "initializer"),
            step=self.maybe(n, "increment"),
        )

    def attempt(self, n: Syntax) -> Node:
        handler, last = n.child_by_field_name("handler"), n.child_by_field_name("finalizer")
        handlers = [] if handler is None else [self.field(handler, "body")]
        return Try(self.at(n), self.field(n, "body"), handlers, None if last is None else self.field(last, "body"))

    def switch(self, n: Syntax) -> Node:
        cases = []
        for c in self.named(n.child_by_field_name("body")):
            value = c.child_by_field_name("value")
            body = Block(self.at(c), [self.lower(x) for x in self.named(c) if x != value])
            cases.append(Case(self.at(c), [] if value is None else [self.lower(value)], body, falls=True))
        return Switch(self.at(n), self.field(n, "value"), cases)

    def leave(self, n: Syntax) -> Node:
        inner = self.named(n)
        value = self.lower(inner[0]) if inner else None
        return Return(self.at(n), value) if n.type == "return_statement" else Jump(self.at(n), "raise", value)

    def jump(self, n: Syntax) -> Node:
        return Jump(self.at(n), n.type.split("_")[0])

    def attribute(self, n: Syntax) -> Node:
        """JSX: an attribute is an assignment to a property of the element."""
        inner = self.named(n)
        value = self.lower(inner[1]) if len(inner) > 1 else Const(self.at(n), True)
        return self.invoke(n, "jsx." + self.text(inner[0]), value)

    def template(self, n: Syntax) -> Node:
        return self.string(n)

    table = {
        "function_declaration": function,
        "function_expression": function,
        "generator_function": function,
        "generator_function_declaration": function,
        "arrow_function": function,
        "method_definition": function,
        "class_declaration": klass,
        "abstract_class_declaration": klass,
        "class": klass,
        "public_field_definition": property,
        "field_definition": property,
        "variable_declarator": declare,
        "lexical_declaration": declarations,
        "variable_declaration": declarations,
        "import_statement": imports,
        "call_expression": call,
        "new_expression": new,
        "member_expression": members("object", "property"),
        "subscript_expression": indexes("object", "index"),
        "assignment_expression": Lower.assign,
        "augmented_assignment_expression": Lower.assign,
        "binary_expression": Lower.binary,
        "unary_expression": Lower.unary,
        "update_expression": Lower.unary,
        "ternary_expression": Lower.cond,
        "string": Lower.string,
        "template_string": template,
        "number": Lower.num,
        "true": Lower.true,
        "false": Lower.false,
        "null": Lower.null,
        "undefined": Lower.null,
        "this": Lower.this,
        "array": Lower.seq,
        "array_pattern": Lower.seq,
        "sequence_expression": Lower.block,
        "object": object,
        "object_pattern": object,
        "assignment_pattern": defaulted,
        "as_expression": cast,
        "satisfies_expression": cast,
        "regex": regex,
        "if_statement": branch,
        "for_in_statement": each,
        "for_statement": loop,
        "while_statement": loop,
        "do_statement": loop,
        "try_statement": attempt,
        "switch_statement": switch,
        "return_statement": leave,
        "throw_statement": leave,
        "break_statement": jump,
        "continue_statement": jump,
        "jsx_attribute": attribute,
        "jsx_text": Lower.nothing,
        "interface_declaration": Lower.nothing,
        "type_alias_declaration": Lower.nothing,
    }
