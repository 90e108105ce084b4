from __future__ import annotations

from ..ir import (
    Assign,
    Block,
    Case,
    Const,
    Func,
    If,
    Import,
    Jump,
    Loop,
    Map,
    Name,
    Node,
    Other,
    Param,
    Return,
    Seq,
    Switch,
    Unary,
)
from .base import Lower, Syntax, dotted, indexes, members


class GoLower(Lower):
    language = "go"
    names = frozenset({"identifier", "type_identifier", "package_identifier", "field_identifier"})
    through = frozenset(
        {"expression_statement", "parenthesized_expression", "literal_element", "go_statement", "defer_statement"}
    )
    blocks = frozenset({"source_file", "block", "statement_list"})

    def function(self, n: Syntax) -> Node:
        body = n.child_by_field_name("body")
        params = self.params(n.child_by_field_name("parameters"))
        cls = ""
        for p in self.params(n.child_by_field_name("receiver")):
            cls = p.type
        made = self.nothing(n) if body is None else self.lower(body)
        return Func(self.at(n), self.text(n.child_by_field_name("name")), params, made, cls=cls)

    def params(self, n: Syntax | None) -> list[Param]:
        made = []
        for c in self.named(n):
            kind = dotted(self.text(c.child_by_field_name("type")))
            for name in c.children_by_field_name("name"):
                made.append(Param(self.at(c), self.text(name), kind))
        return made

    def imports(self, n: Syntax) -> Node:
        names: dict[str, str] = {}
        todo = self.named(n)
        while todo:
            c = todo.pop()
            if c.type == "import_spec_list":
                todo += self.named(c)
            elif c.type == "import_spec":
                path = self.text(c.child_by_field_name("path")).strip('"`')
                base = path.rsplit("/", 1)[-1]
                if base[:1] == "v" and base[1:].isdigit() and "/" in path:
                    base = path.rsplit("/", 2)[-2]
                alias = self.text(c.child_by_field_name("name"))
                names[alias or base] = path.replace("/", ".") if "." not in path else base
        return Import(self.at(n), names)

    def assign(self, n: Syntax) -> Node:
        op = "=" if n.type == "short_var_declaration" else self.op(n)
        left = self.named(n.child_by_field_name("left"))
        right = self.named(n.child_by_field_name("right"))
        return self._pairs(n, left, right, op, "")

    def _pairs(self, n: Syntax, left: list[Syntax], right: list[Syntax], op: str, kind: str) -> Node:
        if len(left) == len(right):
            made: list[Node] = [
                Assign(self.at(n), self.lower(a), self.lower(b), op, kind) for a, b in zip(left, right, strict=True)
            ]
            return made[0] if len(made) == 1 else Block(self.at(n), made)
        if not right:
            return Block(
                self.at(n), [Assign(self.at(n), self.lower(a), Const(self.at(n), None), "=", kind) for a in left]
            )
        # The first of several results is the value, the rest is an error or a flag.
        return Assign(self.at(n), self.lower(left[0]), self.lower(right[0]), op, kind)

    def spec(self, n: Syntax) -> Node:
        kind = dotted(self.text(n.child_by_field_name("type")))
        value = self.named(n.child_by_field_name("value"))
        return self._pairs(n, list(n.children_by_field_name("name")), value, "=", kind)

    def composite(self, n: Syntax) -> Node:
        kind = self.text(n.child_by_field_name("type"))
        pairs: list[tuple[Node, Node]] = []
        items: list[Node] = []
        for c in self.named(n.child_by_field_name("body")):
            if c.type == "keyed_element":
                key, value = self.named(c)[:2]
                name = self.lower(key)
                pairs.append((Const(name.at, name.id) if isinstance(name, Name) else name, self.lower(value)))
            else:
                items.append(self.lower(c))
        if kind.startswith("["):
            return Seq(self.at(n), items)
        made = Map(self.at(n), pairs)
        if kind.startswith("map"):
            return made
        return self.invoke(n, "&" + dotted(kind), made, *items)

    def address(self, n: Syntax) -> Node:
        if self.op(n) in ("&", "*"):
            return self.field(n, "operand")
        return Unary(self.at(n), self.op(n), self.field(n, "operand"))

    def convert(self, n: Syntax) -> Node:
        return self.field(n, "operand")

    def slice(self, n: Syntax) -> Node:
        return Other(self.at(n), [self.field(n, "operand")])

    def raw(self, n: Syntax) -> Node:
        return Const(self.at(n), self.text(n).strip("`"))

    def literal(self, n: Syntax) -> Node:
        return Const(self.at(n), self.text(n)[1:-1].replace('\\"', '"').replace("\\n", "\n"))

    def branch(self, n: Syntax) -> Node:
        made: Node = If(
            self.at(n), self.field(n, "condition"), self.field(n, "consequence"), self.maybe(n, "alternative")
        )
        first = n.child_by_field_name("initializer")
        return made if first is None else Block(self.at(n), [self.lower(first), made])

    def loop(self, n: Syntax) -> Node:
        body = self.field(n, "body")
        for c in self.named(n):
            if c.type == "range_clause":
                left = self.named(c.child_by_field_name("left"))
                target = self.lower(left[-1]) if left else None
                return Loop(self.at(n), body, target=target, over=self.field(c, "right"))
            if c.type == "for_clause":
                return Loop(
                    self.at(n),
                    body,
                    test=self.maybe(c, "condition"),
                    init=self.maybe(c, "initializer"),
                    step=self.maybe(c, "update"),
                )
            if c.type != "block":
                return Loop(self.at(n), body, test=self.lower(c))
        return Loop(self.at(n), body)

    def switch(self, n: Syntax) -> Node:
        cases = []
        for c in self.of(n, "expression_case", "default_case", "type_case", "communication_case"):
            value = c.child_by_field_name("value")
            body = Block(self.at(c), [self.lower(x) for x in self.named(c) if x != value])
            cases.append(Case(self.at(c), [self.lower(v) for v in self.named(value)], body))
        return Switch(self.at(n), self.maybe(n, "value"), cases)

    def leave(self, n: Syntax) -> Node:
        inner = self.named(n)
        values = self.named(inner[0]) if inner else []
        return Return(self.at(n), self.lower(values[0]) if values else None)

    def jump(self, n: Syntax) -> Node:
        return Jump(self.at(n), n.type.split("_")[0])

    def step(self, n: Syntax) -> Node:
        return Unary(self.at(n), "++", self.first(n))

    table = {
        "function_declaration": function,
        "method_declaration": function,
        "func_literal": function,
        "import_declaration": imports,
        "package_clause": Lower.nothing,
        "type_declaration": Lower.nothing,
        "call_expression": Lower.call,
        "selector_expression": members("operand", "field"),
        "index_expression": indexes("operand", "index"),
        "slice_expression": slice,
        "type_assertion_expression": convert,
        "type_conversion_expression": convert,
        "short_var_declaration": assign,
        "assignment_statement": assign,
        "var_declaration": Lower.block,
        "var_spec_list": Lower.block,
        "const_declaration": Lower.block,
        "var_spec": spec,
        "const_spec": spec,
        "binary_expression": Lower.binary,
        "unary_expression": address,
        "inc_statement": step,
        "dec_statement": step,
        "composite_literal": composite,
        "interpreted_string_literal": literal,
        "raw_string_literal": raw,
        "int_literal": Lower.num,
        "float_literal": Lower.num,
        "true": Lower.true,
        "false": Lower.false,
        "nil": Lower.null,
        "if_statement": branch,
        "for_statement": loop,
        "expression_switch_statement": switch,
        "type_switch_statement": switch,
        "select_statement": switch,
        "return_statement": leave,
        "break_statement": jump,
        "continue_statement": jump,
        "goto_statement": jump,
    }
