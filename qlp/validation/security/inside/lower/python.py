from __future__ import annotations

from ..ir import (
    Arg,
    Assign,
    Bin,
    Block,
    Call,
    Case,
    Class,
    Cond,
    Func,
    If,
    Import,
    Index,
    Jump,
    Loop,
    Map,
    Node,
    Other,
    Param,
    Return,
    Seq,
    Switch,
    Try,
    Unary,
)
from .base import Lower, Syntax, members


class PythonLower(Lower):
    language = "python"
    through = frozenset(
        {"expression_statement", "parenthesized_expression", "await", "type", "as_pattern_target", "case_pattern"}
    )
    blocks = frozenset({"module", "block"})

    def function(self, n: Syntax) -> Node:
        return Func(
            self.at(n),
            self.text(n.child_by_field_name("name")),
            self.params(n.child_by_field_name("parameters")),
            self.field(n, "body"),
            returns=self.text(n.child_by_field_name("return_type")),
        )

    def params(self, n: Syntax | None) -> list[Param]:
        return [self.param(c) for c in self.named(n)]

    def param(self, n: Syntax) -> Param:
        if n.type in ("identifier", "list_splat_pattern", "dictionary_splat_pattern"):
            return Param(self.at(n), self.text(n).lstrip("*"))
        name = n.child_by_field_name("name") or (self.named(n) or [None])[0]
        return Param(
            self.at(n),
            self.text(name).lstrip("*"),
            self.text(n.child_by_field_name("type")),
            self.maybe(n, "value"),
        )

    def anonymous(self, n: Syntax) -> Node:
        made = self.params(n.child_by_field_name("parameters"))
        return Func(self.at(n), "", made, self.field(n, "body"), arrow=True)

    def decorated(self, n: Syntax) -> Node:
        made = self.field(n, "definition")
        if isinstance(made, Func | Class):
            made.marks = [self.first(d) for d in self.of(n, "decorator")]
        return made

    def klass(self, n: Syntax) -> Node:
        bases = [self.text(c) for c in self.named(n.child_by_field_name("superclasses"))]
        body = self.field(n, "body")
        return Class(self.at(n), self.text(n.child_by_field_name("name")), bases, _body(body))

    def imports(self, n: Syntax) -> Node:
        module = self.text(n.child_by_field_name("module_name"))
        names: dict[str, str] = {}
        for c in n.children_by_field_name("name"):
            path = self.text(c.child_by_field_name("name") if c.type == "aliased_import" else c)
            alias = self.text(c.child_by_field_name("alias")) if c.type == "aliased_import" else ""
            if module:
                names[alias or path] = f"{module.lstrip('.')}.{path}".lstrip(".")
            elif alias:
                names[alias] = path
            else:
                names[path.split(".")[0]] = path.split(".")[0]
        return Import(self.at(n), names, module or next(iter(names.values()), ""))

    def arg(self, n: Syntax) -> Arg:
        if n.type == "keyword_argument":
            return Arg(self.at(n), self.text(n.child_by_field_name("name")), self.field(n, "value"))
        if n.type in ("list_splat", "dictionary_splat"):
            return Arg(self.at(n), "*" if n.type == "list_splat" else "**", self.first(n))
        return Arg(self.at(n), "", self.lower(n))

    def call(self, n: Syntax) -> Node:
        given = n.child_by_field_name("arguments")
        if given is not None and given.type == "generator_expression":
            return Call(self.at(n), self.field(n, "function"), [Arg(self.at(given), "", self.lower(given))])
        return Call(self.at(n), self.field(n, "function"), self.args(given))

    def assigned(self, n: Syntax) -> Node:
        if n.child_by_field_name("right") is None:
            return self.nothing(n)
        kind = self.text(n.child_by_field_name("type"))
        return Assign(self.at(n), self.field(n, "left"), self.field(n, "right"), "=", kind)

    def walrus(self, n: Syntax) -> Node:
        return Assign(self.at(n), self.field(n, "name"), self.field(n, "value"))

    def comparison(self, n: Syntax) -> Node:
        values = self.named(n)
        ops = [self.text(c) for c in n.children_by_field_name("operators")]
        made: Node = self.lower(values[0]) if values else self.nothing(n)
        for i, value in enumerate(values[1:]):
            op = " ".join(ops) if len(values) == 2 else (ops[i] if i < len(ops) else "<")
            right = self.lower(value)
            made = Bin(self.at(n), op, made, right) if i == 0 else Bin(self.at(n), "and", made, right)
        return made

    def negated(self, n: Syntax) -> Node:
        return Unary(self.at(n), "not", self.field(n, "argument"))

    def subscript(self, n: Syntax) -> Node:
        key = n.child_by_field_name("subscript")
        made = self.field(n, "value")
        return (
            Other(self.at(n), [made])
            if key is not None and key.type == "slice"
            else Index(self.at(n), made, self.lower(key))
        )

    def dictionary(self, n: Syntax) -> Node:
        pairs: list[tuple[Node, Node]] = []
        for c in self.named(n):
            if c.type == "pair":
                pairs.append((self.field(c, "key"), self.field(c, "value")))
            else:
                pairs.append((self.nothing(c), self.first(c)))
        return Map(self.at(n), pairs)

    def conditional(self, n: Syntax) -> Node:
        then, test, other = (self.lower(c) for c in self.named(n)[:3])
        return Cond(self.at(n), test, then, other)

    def comprehension(self, n: Syntax) -> Node:
        body: Node = Return(self.at(n), self.field(n, "body"))
        for c in reversed(self.named(n)):
            if c.type == "if_clause":
                body = If(self.at(c), self.first(c), body)
            elif c.type == "for_in_clause":
                body = Loop(self.at(c), body, target=self.field(c, "left"), over=self.field(c, "right"))
        return Call(self.at(n), Func(self.at(n), "", [], body), [])

    def branch(self, n: Syntax) -> Node:
        others = n.children_by_field_name("alternative")
        made: Node | None = None
        for c in reversed(others):
            if c.type == "elif_clause":
                made = If(self.at(c), self.field(c, "condition"), self.field(c, "consequence"), made)
            else:
                made = self.field(c, "body")
        return If(self.at(n), self.field(n, "condition"), self.field(n, "consequence"), made)

    def loop(self, n: Syntax) -> Node:
        if n.type == "while_statement":
            made: Node = Loop(self.at(n), self.field(n, "body"), test=self.field(n, "condition"))
        else:
            made = Loop(self.at(n), self.field(n, "body"), target=self.field(n, "left"), over=self.field(n, "right"))
        other = n.child_by_field_name("alternative")
        return made if other is None else Block(self.at(n), [made, self.field(other, "body")])

    def attempt(self, n: Syntax) -> Node:
        handlers: list[Node] = []
        tail: Node | None = None
        body: Node = self.field(n, "body")
        for c in self.named(n):
            if c.type in ("except_clause", "except_group_clause"):
                handlers.append(Block(self.at(c), [self.lower(x) for x in self.named(c)[-1:]]))
            elif c.type == "else_clause":
                body = Block(self.at(n), [body, self.field(c, "body")])
            elif c.type == "finally_clause":
                tail = self.first(c)
        return Try(self.at(n), body, handlers, tail)

    def within(self, n: Syntax) -> Node:
        body: list[Node] = []
        for clause in self.of(n, "with_clause"):
            for item in self.named(clause):
                body.append(self.lower(item.child_by_field_name("value") or item))
        return Block(self.at(n), [*body, self.field(n, "body")])

    def renamed(self, n: Syntax) -> Node:
        inner = self.named(n)
        alias = n.child_by_field_name("alias")
        value = self.lower(inner[0])
        return value if alias is None else Assign(self.at(n), self.first(alias), value)

    def match(self, n: Syntax) -> Node:
        cases = []
        body = n.child_by_field_name("body")
        for c in self.of(body, "case_clause") if body is not None else []:
            patterns = self.of(c, "case_pattern")
            if (
                len(patterns) == 1
                and patterns[0].named_children[:1]
                and (patterns[0].named_children[0].type == "union_pattern")
            ):
                values = [self.lower(x) for x in self.named(patterns[0].named_children[0])]
            elif len(patterns) == 1 and self.text(patterns[0]) == "_":
                values = []
            else:
                values = [self.lower(x) for x in patterns]
            cases.append(Case(self.at(c), values, self.field(c, "consequence")))
        return Switch(self.at(n), self.field(n, "subject"), cases)

    def leave(self, n: Syntax) -> Node:
        inner = self.named(n)
        value = None
        if len(inner) == 1:
            value = self.lower(inner[0])
        elif inner:
            value = Seq(self.at(n), [self.lower(c) for c in inner])
        return Return(self.at(n), value) if n.type == "return_statement" else Jump(self.at(n), "raise", value)

    def jump(self, n: Syntax) -> Node:
        return Jump(self.at(n), n.type.split("_")[0])

    def check(self, n: Syntax) -> Node:
        test = self.first(n)
        return If(self.at(n), Unary(self.at(n), "not", test), Jump(self.at(n), "raise"))

    table = {
        "function_definition": function,
        "lambda": anonymous,
        "decorated_definition": decorated,
        "class_definition": klass,
        "import_statement": imports,
        "import_from_statement": imports,
        "call": call,
        "attribute": members("object", "attribute"),
        "subscript": subscript,
        "assignment": assigned,
        "augmented_assignment": Lower.assign,
        "named_expression": walrus,
        "binary_operator": Lower.binary,
        "boolean_operator": Lower.binary,
        "comparison_operator": comparison,
        "not_operator": negated,
        "unary_operator": Lower.unary,
        "string": Lower.string,
        "concatenated_string": Lower.concatenated,
        "integer": Lower.num,
        "float": Lower.num,
        "true": Lower.true,
        "false": Lower.false,
        "none": Lower.null,
        "list": Lower.seq,
        "tuple": Lower.seq,
        "set": Lower.seq,
        "expression_list": Lower.seq,
        "pattern_list": Lower.seq,
        "tuple_pattern": Lower.seq,
        "list_pattern": Lower.seq,
        "dictionary": dictionary,
        "conditional_expression": conditional,
        "list_comprehension": comprehension,
        "set_comprehension": comprehension,
        "generator_expression": comprehension,
        "dictionary_comprehension": comprehension,
        "pair": Lower.seq,
        "if_statement": branch,
        "for_statement": loop,
        "while_statement": loop,
        "try_statement": attempt,
        "with_statement": within,
        "as_pattern": renamed,
        "match_statement": match,
        "return_statement": leave,
        "raise_statement": leave,
        "break_statement": jump,
        "continue_statement": jump,
        "pass_statement": Lower.nothing,
        "assert_statement": check,
        "yield": Lower.first,
    }


def _body(node: Node) -> list[Node]:
    return node.body if isinstance(node, Block) else [node]
