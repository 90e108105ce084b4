from __future__ import annotations

from ..ir import Arg, Assign, Block, Call, Case, Const, Func, If, Join, Loop, Name, Node, Other, Switch
from .base import Lower, Syntax


class BashLower(Lower):
    """A command is a call of its name; `$x` is a name; a pipeline is a call of `|` with its commands."""

    language = "bash"
    names = frozenset()
    pieces = frozenset({"string_content"})
    through = frozenset({"command_name", "command_substitution", "process_substitution", "negated_command"})
    blocks = frozenset({"program", "compound_statement", "do_group", "list", "subshell", "redirected_statement"})

    def word(self, n: Syntax) -> Node:
        return Const(self.at(n), self.text(n).replace("\\", ""))

    def raw(self, n: Syntax) -> Node:
        return Const(self.at(n), self.text(n)[1:-1])

    def is_hole(self, n: Syntax) -> bool:
        return n.type not in ("string_content",)

    def hole(self, n: Syntax) -> list[Syntax]:
        return [n]

    def quoted_string(self, n: Syntax) -> Node:
        made = self.string(n)
        return self.invoke(n, "(quoted)", made) if isinstance(made, Join) else made

    def variable(self, n: Syntax) -> Node:
        inner = self.named(n)
        return Name(self.at(n), "$" + self.text(inner[0] if inner else n).lstrip("$"))

    def concatenation(self, n: Syntax) -> Node:
        if "$$" in self.text(n) and all(c.type == "word" for c in self.named(n)):
            return Const(self.at(n), self.text(n))  # the number of the process, which anybody can guess
        return self.concatenated(n)

    def command(self, n: Syntax) -> Node:
        name = n.child_by_field_name("name")
        inner = self.named(name)
        func: Node = Name(self.at(n), "")
        args = [Arg(self.at(c), "", self.lower(c)) for c in n.children_by_field_name("argument")]
        if any(self.splits(c) for c in n.children_by_field_name("argument")):
            args.append(Arg(self.at(n), "unquoted", Const(self.at(n), True)))
        before = [self.lower(c) for c in self.of(n, "variable_assignment")]
        if inner and inner[0].type == "word":
            func = Name(self.at(n), self.text(inner[0]).rsplit("/", 1)[-1])
        elif inner:
            args.insert(0, Arg(self.at(inner[0]), "", self.lower(inner[0])))
            func = Name(self.at(n), "(run)")
        while isinstance(func, Name) and func.id in ("sudo", "command", "exec", "nohup", "time") and args:
            first = args[0].value
            if not isinstance(first, Const) or str(first.value).startswith("-"):
                break
            func, args = Name(self.at(n), str(first.value)), args[1:]
        made = Call(self.at(n), func, args)
        return Block(self.at(n), [*before, made]) if before else made

    def splits(self, n: Syntax) -> bool:
        """Whether the shell splits this argument into words and expands patterns in it: a variable without quotes."""
        if n.type == "concatenation":
            return any(self.splits(c) for c in self.named(n))
        return n.type in ("simple_expansion", "expansion") and self.text(n) not in ("$#", "$?", "$!")

    def pipeline(self, n: Syntax) -> Node:
        return self.invoke(n, "|", *(self.lower(c) for c in self.named(n)))

    def assign(self, n: Syntax) -> Node:
        name = Name(self.at(n), "$" + self.text(n.child_by_field_name("name")))
        value = n.child_by_field_name("value")
        return Assign(self.at(n), name, Const(self.at(n), "") if value is None else self.lower(value))

    def function(self, n: Syntax) -> Node:
        return Func(self.at(n), self.text(n.child_by_field_name("name")), [], self.field(n, "body"))

    def branch(self, n: Syntax) -> Node:
        inner = self.named(n)
        body = [self.lower(c) for c in inner[1:] if c.type not in ("elif_clause", "else_clause")]
        others = [self.lower(c) for c in inner if c.type in ("elif_clause", "else_clause")]
        then = Block(self.at(n), body)
        return If(self.at(n), self.lower(inner[0]), then, Block(self.at(n), others) if others else None)

    def loop(self, n: Syntax) -> Node:
        variable = n.child_by_field_name("variable")
        if variable is not None:
            target = Name(self.at(n), "$" + self.text(variable))
            over = Other(self.at(n), [self.lower(c) for c in n.children_by_field_name("value")])
            return Loop(self.at(n), self.field(n, "body"), target=target, over=over)
        return Loop(self.at(n), self.field(n, "body"), test=self.maybe(n, "condition"))

    def switch(self, n: Syntax) -> Node:
        cases = []
        for c in self.of(n, "case_item"):
            values = list(c.children_by_field_name("value"))
            plain = any(self.text(v) == "*" for v in values)
            body = Block(self.at(c), [self.lower(x) for x in self.named(c) if x not in values])
            cases.append(Case(self.at(c), [] if plain else [self.lower(v) for v in values], body))
        return Switch(self.at(n), self.field(n, "value"), cases)

    table = {
        "word": word,
        "number": word,
        "raw_string": raw,
        "string": quoted_string,
        "simple_expansion": variable,
        "expansion": variable,
        "concatenation": concatenation,
        "command": command,
        "pipeline": pipeline,
        "variable_assignment": assign,
        "declaration_command": Lower.block,
        "function_definition": function,
        "if_statement": branch,
        "elif_clause": branch,
        "else_clause": Lower.block,
        "for_statement": loop,
        "while_statement": loop,
        "case_statement": switch,
    }
