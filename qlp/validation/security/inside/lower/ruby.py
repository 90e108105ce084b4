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
    Unary,
)
from .base import Lower, Syntax


class RubyLower(Lower):
    language = "ruby"
    names = frozenset({"identifier", "constant", "instance_variable", "class_variable", "global_variable"})
    skip = frozenset({"heredoc_body", "empty_statement"})
    through = frozenset({"pattern", "parenthesized_statements", "then", "interpolation"})
    blocks = frozenset({"program", "body_statement", "block_body", "begin_block"})

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.heredocs: list[Node] = []

    def program(self, n: Syntax) -> Node:
        # Bodies follow the statement that opens them: gather them first, in order.
        todo, found = [n], []
        while todo:
            c = todo.pop()
            if c.type == "heredoc_body":
                found.append(c)
            else:
                todo.extend(reversed(c.named_children))
        found.sort(key=lambda c: c.start_byte)
        self.heredocs = [self.string(c) for c in found]
        return self.body(n)

    def body(self, n: Syntax) -> Node:
        """A body with rescue clauses is a try."""
        plain: list[Node] = []
        handlers: list[Node] = []
        last: Node | None = None
        for c in self.named(n):
            if c.type == "rescue":
                handlers.append(self.field(c, "body"))
            elif c.type == "ensure":
                last = Block(self.at(c), [self.lower(x) for x in self.named(c)])
            elif c.type == "else":
                plain += [self.lower(x) for x in self.named(c)]
            else:
                plain.append(self.lower(c))
        made = Block(self.at(n), plain)
        return Try(self.at(n), made, handlers, last) if handlers or last else made

    def method(self, n: Syntax) -> Node:
        name = self.text(n.child_by_field_name("name"))
        body = n.child_by_field_name("body")
        params = self.params(n.child_by_field_name("parameters"))
        made = self.nothing(n) if body is None else self.lower(body)
        return Func(self.at(n), "<init>" if name == "initialize" else name, params, made, arrow=True)

    def params(self, n: Syntax | None) -> list[Param]:
        return [
            Param(
                self.at(c),
                self.text(c if c.type == "identifier" else c.child_by_field_name("name")),
                "",
                None if c.type == "identifier" else self.maybe(c, "value"),
            )
            for c in self.named(n)
        ]

    def closure(self, n: Syntax) -> Func:
        body = n.child_by_field_name("body")
        params = self.params(n.child_by_field_name("parameters"))
        return Func(self.at(n), "", params, self.nothing(n) if body is None else self.lower(body), arrow=True)

    def klass(self, n: Syntax) -> Node:
        bases = [self.text(c) for c in self.named(n.child_by_field_name("superclass"))]
        body = self.named(n.child_by_field_name("body"))
        return Class(self.at(n), self.text(n.child_by_field_name("name")), bases, [self.lower(c) for c in body])

    def call(self, n: Syntax) -> Node:
        receiver = n.child_by_field_name("receiver")
        name = self.text(n.child_by_field_name("method"))
        args = self.args(n.child_by_field_name("arguments"))
        block = n.child_by_field_name("block")
        if receiver is None and name in ("require", "require_relative", "load", "autoload") and len(args) == 1:
            value = args[0].value
            if isinstance(value, Const):
                return Import(self.at(n), {}, str(value.value))
        if receiver is None and name == "raise":
            return Jump(self.at(n), "raise", Seq(self.at(n), [a.value for a in args]))
        func: Node = Name(self.at(n), name) if receiver is None else Member(self.at(n), self.lower(receiver), name)
        made = Call(self.at(n), func, args, block=None if block is None else self.closure(block))
        if name == "new" and receiver is not None:
            return Call(self.at(n), self.lower(receiver), args, new=True, block=made.block)
        return made

    def arg(self, n: Syntax) -> Arg:
        if n.type == "pair":
            key = n.child_by_field_name("key")
            value = n.child_by_field_name("value")
            name = self.text(key).strip(":\"'")
            return Arg(self.at(n), name, Name(self.at(n), name) if value is None else self.lower(value))
        if n.type in ("splat_argument", "hash_splat_argument", "block_argument"):
            return Arg(self.at(n), "*", self.first(n))
        return Arg(self.at(n), "", self.lower(n))

    def element(self, n: Syntax) -> Node:
        obj = n.child_by_field_name("object")
        keys = [c for c in self.named(n) if c != obj]
        return Index(self.at(n), self.lower(obj), self.lower(keys[0]) if keys else Const(self.at(n), None))

    def symbol(self, n: Syntax) -> Node:
        return Const(self.at(n), self.text(n).lstrip(":"))

    def hash(self, n: Syntax) -> Node:
        pairs: list[tuple[Node, Node]] = []
        for c in self.named(n):
            if c.type == "pair":
                key = c.child_by_field_name("key")
                made = self.lower(key) if key.type == "string" else Const(self.at(key), self.text(key).strip(":"))
                pairs.append((made, self.field(c, "value")))
            else:
                pairs.append((self.nothing(c), self.first(c)))
        return Map(self.at(n), pairs)

    def words(self, n: Syntax) -> Node:
        return Seq(self.at(n), [Const(self.at(c), self.text(c)) for c in self.named(n)])

    def heredoc(self, n: Syntax) -> Node:
        return self.heredocs.pop(0) if self.heredocs else Const(self.at(n), "")

    def shell(self, n: Syntax) -> Node:
        return self.invoke(n, "`", self.string(n))

    def regex(self, n: Syntax) -> Node:
        return self.invoke(n, "RegExp", self.string(n))

    def branch(self, n: Syntax) -> Node:
        test: Node = self.field(n, "condition")
        if n.type.startswith("unless"):
            test = Unary(self.at(n), "!", test)
        then = n.child_by_field_name("consequence") or n.child_by_field_name("body")
        other = n.child_by_field_name("alternative")
        return If(
            self.at(n),
            test,
            self.nothing(n) if then is None else self.many(then),
            None if other is None else self.many(other),
        )

    def many(self, n: Syntax) -> Node:
        if n.type in ("then", "else"):
            return Block(self.at(n), [self.lower(c) for c in self.named(n)])
        return self.lower(n)

    def rescued(self, n: Syntax) -> Node:
        return Try(self.at(n), self.field(n, "body"), [self.field(n, "handler")])

    def loop(self, n: Syntax) -> Node:
        over = n.child_by_field_name("value")
        body = n.child_by_field_name("body")
        made = Block(self.at(n), [self.lower(c) for c in self.named(body)]) if body is not None else self.nothing(n)
        if n.type == "for":
            return Loop(self.at(n), made, target=self.field(n, "pattern"), over=self.first(over))
        return Loop(self.at(n), made, test=self.field(n, "condition"))

    def switch(self, n: Syntax) -> Node:
        cases = []
        for c in self.of(n, "when"):
            values = [self.lower(p) for p in c.children_by_field_name("pattern")]
            body = c.child_by_field_name("body")
            cases.append(Case(self.at(c), values, self.nothing(c) if body is None else self.many(body)))
        for c in self.of(n, "else"):
            cases.append(Case(self.at(c), [], self.many(c)))
        return Switch(self.at(n), self.maybe(n, "value"), cases)

    def leave(self, n: Syntax) -> Node:
        given = self.args(n.named_children[0]) if n.named_children else []
        return Return(self.at(n), given[0].value if given else None)

    def jump(self, n: Syntax) -> Node:
        return Jump(self.at(n), n.type)

    def conditional_assign(self, n: Syntax) -> Node:
        return Assign(self.at(n), self.field(n, "left"), self.field(n, "right"), self.op(n))

    def assign(self, n: Syntax) -> Node:
        left = n.child_by_field_name("left")
        if left is not None and left.type == "call" and left.child_by_field_name("arguments") is None:
            # `a.b = c`
            target = Member(self.at(left), self.field(left, "receiver"), self.text(left.child_by_field_name("method")))
            return Assign(self.at(n), target, self.field(n, "right"))
        return super().assign(n)

    def scope(self, n: Syntax) -> Node:
        obj = n.child_by_field_name("scope")
        name = self.text(n.child_by_field_name("name"))
        return Name(self.at(n), name) if obj is None else Member(self.at(n), self.lower(obj), name)

    table = {
        "program": program,
        "body_statement": body,
        "begin": body,
        "method": method,
        "singleton_method": method,
        "lambda": closure,
        "class": klass,
        "module": klass,
        "call": call,
        "element_reference": element,
        "scope_resolution": scope,
        "assignment": assign,
        "operator_assignment": conditional_assign,
        "left_assignment_list": Lower.seq,
        "right_assignment_list": Lower.seq,
        "binary": Lower.binary,
        "unary": Lower.unary,
        "conditional": Lower.cond,
        "string": Lower.string,
        "chained_string": Lower.concatenated,
        "heredoc_beginning": heredoc,
        "subshell": shell,
        "regex": regex,
        "simple_symbol": symbol,
        "hash_key_symbol": symbol,
        "integer": Lower.num,
        "float": Lower.num,
        "true": Lower.true,
        "false": Lower.false,
        "nil": Lower.null,
        "self": Lower.this,
        "array": Lower.seq,
        "string_array": words,
        "symbol_array": words,
        "hash": hash,
        "if": branch,
        "unless": branch,
        "elsif": branch,
        "if_modifier": branch,
        "unless_modifier": branch,
        "rescue_modifier": rescued,
        "while": loop,
        "until": loop,
        "for": loop,
        "while_modifier": loop,
        "case": switch,
        "return": leave,
        "break": jump,
        "next": jump,
        "then": many,
        "else": many,
    }
    pieces = frozenset({"string_content", "escape_sequence", "heredoc_content"})

    def is_hole(self, n: Syntax) -> bool:
        return n.type == "interpolation"
