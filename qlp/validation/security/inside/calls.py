"""What a call means: rules that look at it, what it gives back, and what it does to its arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import constants, guards
from .checks import Given, Hit, fires, hit, reaches, wanted
from .ir import Call, Func, Member, Name, Node
from .rules import Language, Place, Rule
from .values import UNKNOWN, Key, State, Value, cleaned, concat, constant, steps_of, taint_of
from .vocabulary import (
    ADD,
    EACH,
    EMPTY,
    GET,
    JOIN,
    LISTS,
    MAPS,
    MATCH,
    MODULES,
    NORMALISERS,
    POSITION,
    PUT,
    SAME,
    TEXTUAL,
)

if TYPE_CHECKING:
    from .flow import Frame


class Calls:
    """Part of the analysis; Expressions and Flow build on it."""

    def __init__(self, language: Language, name: str) -> None:
        self.language = language
        self.name = name
        self.facts: dict[str, Any] = language.facts
        self.hits: dict[tuple[str, int, int], Hit] = {}
        self.nested: set[int] = set()
        self.functions: dict[str, list[Func]] = {}
        self.classes: dict[str, Any] = {}
        self.modules: set[str] = set()
        self.imported: set[str] = set()
        self._database = re.compile(
            r"(?i)(cur|conn?|connection|cursor|db|database|session|engine|pool|client|stmt|statement|pdo|mysqli?|sql\w*|knex|"
            r"sequelize|prisma|template|manager|tx|repository|jdbc\w*)(\(\))?\.\w+$|sql|query|stmt|createStatement"
        )
        self._lookups = re.compile(self.facts.get("lookups", r"(?!)"))
        self._cleaners = re.compile(self.facts.get("cleaners", r"(?!)"))
        self._exits = frozenset(self.facts.get("exits", []))
        self._through = frozenset(self.facts.get("through", []))

    # -- what Flow and Expressions give

    @property
    def frame(self) -> Frame:
        raise NotImplementedError

    def eval(self, node: Node, state: State) -> Value:
        raise NotImplementedError

    def follow(
        self, func: Func, args: list[Value], named: dict[str, Value], state: State, this: Value | None
    ) -> Value | None:
        raise NotImplementedError

    def run_closure(self, node: Func, state: State, given: list[Value] | None = None) -> Value:
        raise NotImplementedError

    def key_of(self, node: Node) -> str:
        raise NotImplementedError

    def store(self, node: Node, value: Value, state: State) -> None:
        raise NotImplementedError

    # -- findings

    def report(self, rule: Rule, node: Node, key: Key | None = None) -> None:
        found = hit(rule, node, key)
        place = (rule.id, node.at[0], node.at[1])
        old = self.hits.get(place)
        if old is None or (old.weak and not found.weak):
            self.hits[place] = found

    def source_of(self, paths: tuple[str, ...]) -> str | None:
        for path in paths:
            for kind, pattern in self.language.sources.get(path.rsplit(".", 1)[-1], ()):
                if pattern.fits(path):
                    return kind
        return None

    def check(
        self, table: dict[str, list[Place]], paths: tuple[str, ...], node: Node, given: Given, state: State
    ) -> None:
        seen: set[int] = set()
        for path in paths:
            for place in table.get(path.rsplit(".", 1)[-1], ()):
                if id(place) in seen or not place.pattern.fits(path):
                    continue
                seen.add(id(place))
                if place.conditions and not fires(place, given, self.frame.context):
                    continue
                if not place.args:
                    self.report(place.rule, node)
                    continue
                for value in wanted(place.args, given):
                    key = reaches(place.rule, value, state)
                    if (
                        key is not None
                        and place.rule.label == "sql"
                        and not value.built
                        and not self._database.search(path)
                    ):
                        continue
                    if key is not None:
                        self.report(place.rule, node, key)
                        break

    def check_name(self, path: str, node: Node, state: State) -> None:
        self.check(self.language.calls, (path,), node, Given(None, [], {}), state)

    # -- calls

    def on_call(self, node: Call, state: State) -> Value:
        this: Value | None = None
        name = ""
        func: Func | None = None
        if isinstance(node.func, Member):
            this = self.eval(node.func.obj, state)
            name = node.func.name
            raw = self.key_of(node.func)
            paths = tuple(
                dict.fromkeys(
                    [f"{p}.{name}" for p in this.paths[:3]]
                    + ([f"{this.cls}.{name}"] if this.cls else [])
                    + ([raw] if raw else [f"?.{name}"])
                )
            )
            own = state.look(raw) if raw else None
            func = own.func if own is not None else self.method(this, name, len(node.args))
        elif isinstance(node.func, Func):
            func, paths = node.func, ()
        else:
            callee = self.eval(node.func, state)
            name = node.func.id if isinstance(node.func, Name) else ""
            paths = tuple(dict.fromkeys([*callee.paths[:3], *([name] if name and not callee.paths else [])]))
            func = callee.func or (self.functions.get(name, [None])[0] if not callee.cls else None)
            if callee.paths:
                name = callee.paths[0].rsplit(".", 1)[-1]
            if node.new and name in self.classes:
                found = [f for f in self.functions.get("<init>", []) if f.cls == name]
                func = found[0] if found else None
        given = self.arguments(node, this, name, state)
        self.check(self.language.calls, paths, node, given, state)
        self.check(self.language.sinks, paths, node, given, state)
        for key, value in given.named.items():
            self.check(
                self.language.sets, tuple(f"{p}.{key}" for p in paths), node, Given(this, [], {"value": value}), state
            )
        result = self.result(node, paths, name, func, this, given, state)
        if name in self._exits or any(p in self._exits for p in paths):
            state.dead = True
        return result

    def arguments(self, node: Call, this: Value | None, name: str, state: State) -> Given:
        positional: list[Value] = []
        named: dict[str, Value] = {}
        unsure = False
        for arg in node.args:
            if isinstance(arg.value, Func) and not arg.value.name:
                self.nested.add(id(arg.value))
                answer = self.run_closure(arg.value, state, self.block_values(this, name))
                value = Value(func=arg.value, texts=self.answer(answer))
            else:
                value = self.eval(arg.value, state)
            if arg.name in ("*", "**"):
                if arg.name == "*" and value.items is not None:
                    positional += value.items
                    continue
                unsure = True
                positional.append(value) if arg.name == "*" else named.__setitem__("**", value)
            elif arg.name and arg.name != "`":
                named[arg.name] = value
            else:
                positional.append(value)
        if node.block is not None:
            self.nested.add(id(node.block))
            self.run_closure(node.block, state, self.block_values(this, name))
        return Given(this, positional, named, unsure)

    @staticmethod
    def answer(value: Value) -> str:
        """What a closure always answers, as text for conditions: `=> True`."""
        return f"=> {value.const}" if value.known and isinstance(value.const, bool) else ""

    def block_values(self, this: Value | None, name: str) -> list[Value] | None:
        """What a closure gets: elements of the receiver where the method hands them on."""
        if this is None or name not in EACH or not this.taint:
            return None
        return [this.but(attrs=None, items=None, const=UNKNOWN)]

    def method(self, this: Value, name: str, count: int) -> Func | None:
        """The method of this file that a call can mean."""
        found = self.functions.get(name, [])
        if not found:
            return None
        owner = this.cls or next((p for p in this.paths if p in self.classes), "")
        owner = owner.removesuffix("()")
        if owner:
            mine = [f for f in found if f.cls == owner]
            return mine[0] if mine else None
        if this.paths[:1] == ("this",):
            return found[0]
        fits = [f for f in found if f.cls and len(f.params) in (count, count + 1)]
        return fits[0] if len(found) == 1 and fits and name not in ADD | PUT | GET | EMPTY else None

    def result(
        self,
        node: Call,
        paths: tuple[str, ...],
        name: str,
        func: Func | None,
        this: Value | None,
        given: Given,
        state: State,
    ) -> Value:
        values = [*given.positional, *given.named.values()]
        everything = values + ([this] if this is not None else [])
        if name == "require" and values and isinstance(values[0].const, str) and self.name == "javascript":
            self.modules.add(values[0].const)
            return Value(paths=(values[0].const.removeprefix("node:"),))
        if not values and func is None and (node.new or self.name == "python") and name in LISTS | MAPS:
            made_empty = Value(items=[], cls=name) if name in LISTS else Value(attrs={}, cls=name)
            return made_empty.but(paths=tuple(p + "()" for p in paths[:2]))
        kind = self.source_of(tuple(p + "()" for p in paths)) or (
            None if this is not None and this.taint else self.source_of(paths)
        )
        if kind is not None and func is None:
            text = paths[0] + "(" + ",".join(a.text for a in given.positional) + ")"
            return Value(taint={(kind, text): frozenset()}, paths=tuple(p + "()" for p in paths[:2]), root=True)
        self.writes(paths, name, node, given, state)
        labels = self.sanitizes(paths)
        if labels is not None and "all" in labels:
            return Value(
                paths=tuple(p + "()" for p in paths[:2]),
                steps=steps_of(everything) | {name},
                guard=guards.call(name, this, values) if func is None else None,
                texts=self.texts(values),
            )
        if func is not None:
            followed = self.follow(func, given.positional, given.named, state, this)
            if node.new:
                return Value(paths=tuple(p + "()" for p in paths[:2]), cls=name, taint=taint_of(values))
            if followed is not None:
                guard = guards.call(name, this, values)
                if (guard[0] or guard[1]) and followed.guard is None and guards.VALIDATOR.search(name):
                    followed = followed.but(guard=guard)
                if labels:
                    followed = followed.but(taint=cleaned(followed.taint, labels))
                return followed
        made = self.container(node, name, this, given, state)
        if made is not None:
            return made
        if this is not None and this.known:
            folded = constants.method(name, this, given.positional)
            if folded is not UNKNOWN:
                return constant(folded)
        return self.carried(node, paths, name, this, given, labels, state)

    def texts(self, values: list[Value]) -> str:
        return " ".join(v.text for v in values if v.text)[:400]

    def carried(
        self, node: Call, paths: tuple[str, ...], name: str, this: Value | None, given: Given,
        labels: frozenset[str] | None, state: State,
    ) -> Value:  # fmt: skip
        """The value of a call of something that is not in this file."""
        values = [*given.positional, *given.named.values()]
        everything = ([this] if this is not None else []) + values
        guard = guards.call(name, this, values)
        steps = steps_of(everything) | {name}
        out = tuple(p + "()" for p in paths[:3])
        cls = paths[0] if node.new and paths else ""
        if name in POSITION and everything:
            if this is None and len(values) > 1 and values[0].taint:
                guard = guards.prefixed(values[0], values[1]), guards.without(values[0], values[1].text)
            elif this is not None and this.taint and values:
                guard = guards.prefixed(this, values[0]), guards.without(this, values[0].text)
            elif this is not None and values and values[0].taint:
                guard = guards.exact(values[0]), {}
            return Value(steps=steps | {"search"}, guard=guard, cls="int")
        if name in EMPTY:
            return Value(paths=out, steps=steps, guard=guard, cls="int")
        if guard[0] or guard[1]:
            taint = (
                taint_of(everything)
                if name in MATCH or not re.match(r"(?i)is|has|in_|url_has|starts|str_starts", name)
                else {}
            )
            if guards.VALIDATOR.match(name) and name not in MATCH:
                self.statement_guard(node, name, guard, state)
            return Value(taint=taint, paths=out, steps=steps, guard=guard)
        if self._cleaners.search(name):
            return Value(paths=out, steps=steps, texts=self.texts(everything), built=any(v.built for v in values))
        if name in JOIN and (
            this is None or not this.taint or this.known or name in ("format", "concat", "Concat", "append")
        ):
            parts = (
                everything
                if this is not None and (this.known or this.built or this.taint or name in ("append", "Append"))
                else values
            )
            flat = [i for v in parts for i in (v.items if v.items is not None else [v])]
            made = concat(flat)
            if this is not None and this.known and isinstance(this.const, str):
                made = made.but(prefix=re.split(r"%|\{", this.const)[0])
            elif values and values[0].known and isinstance(values[0].const, str) and "%" in values[0].const:
                made = made.but(prefix=values[0].const.split("%")[0], const=UNKNOWN)
            if not made.known and any(v.known or v.texts for v in flat) and len(flat) > 1:
                made = made.but(built=True)
            if labels:
                made = made.but(taint=cleaned(made.taint, labels))
            if (
                name in ("append", "Append", "AppendFormat", "concat")
                and this is not None
                and isinstance(node.func, Member)
            ):
                self.store(node.func.obj, made.but(paths=this.paths, cls=this.cls), state)
            return made.but(const=UNKNOWN) if name not in JOIN else made
        if (this is None or not this.taint) and self._lookups.search(name):
            return Value(paths=out, steps=steps)
        if this is not None and this.root and this.taint and not node.new and all(a.known for a in given.positional):
            suffix = "." + name + "(" + ",".join(a.text for a in given.positional) + ")"
            plain = name in SAME and name not in ("get", "first")
            taint = {(k, i if plain else i + suffix): c for (k, i), c in this.taint.items()}
            taint = cleaned(taint, labels) if labels else taint
            return Value(taint=taint, paths=out, steps=this.steps if not plain else steps, root=True)
        if name == "URL" and len(given.positional) == 2 and given.positional[0].known:
            # `new URL("/home", base)`: the base gives the host of this very request.
            return Value(paths=out, cls=cls, prefix=str(given.positional[0].const))
        taint = taint_of(everything if node.new or this is None or self.hands_on(this, name) else [this])
        if labels:
            taint = cleaned(taint, labels)
        if name in NORMALISERS and taint:
            taint = cleaned(taint, frozenset({"norm"}))
        one = everything[0] if len(everything) == 1 else None
        attrs = None
        if given.named:
            attrs = dict(given.named)
            attrs.update((attrs.pop("{}", Value()).attrs or {}) if "{}" in attrs else {})
        if (
            paths
            and (paths[0].startswith("&") or node.new)
            and given.positional
            and given.positional[0].attrs is not None
        ):
            attrs = {**(attrs or {}), **given.positional[0].attrs}
        if cls == "" and paths and paths[0].startswith("&"):
            cls = paths[0][1:]
        prefix = one.prefix if one is not None and name in self._through else ""
        if name in ("join", "resolve", "Combine", "Join", "get", "Path", "File", "of") and given.positional:
            prefix = given.positional[0].prefix
        return Value(
            taint=taint, paths=out, cls=cls or (this.cls if this and name in ("clone", "arg", "args") else ""),
            steps=steps, guard=guard if guard[0] or guard[1] else None, attrs=attrs, closed=False,
            built=any(v.built for v in everything), texts=self.texts(everything), prefix=prefix,
        )  # fmt: skip

    def hands_on(self, this: Value, name: str) -> bool:
        """Whether a method that is not known may give back what it is given: a module's function, a static method or a
        method of text does; one of some object (a store, a service) answers with what it has."""
        if self.name in ("java", "rust", "c", "bash") or name in JOIN or name in NORMALISERS or name in TEXTUAL:
            return True
        if this.taint or this.known or not this.paths or this.built:
            return True
        path = this.paths[0]
        return (
            path in self.imported
            or path.split(".")[0] in MODULES
            or path == "this"
            or path.rsplit(".", 1)[-1][:1].isupper()
        )

    def statement_guard(
        self, node: Call, name: str, guard: tuple[dict[Key, frozenset[str]], Any], state: State
    ) -> None:
        """`validate_path(x)` raises for a bad x: what follows is safe."""
        if re.match(r"(?i)_?(validate|check|assert|ensure|verify|require|sanitize)", name) and not re.search(
            r"(?i)^check_?is", name
        ):
            self.frame_calls(guard[0], state)

    def frame_calls(self, guard: dict[Key, frozenset[str]], state: State) -> None:
        state.learn(guard)

    def sanitizes(self, paths: tuple[str, ...]) -> frozenset[str] | None:
        labels: frozenset[str] | None = None
        for path in paths:
            for found, pattern in self.language.sanitizers.get(path.rsplit(".", 1)[-1], ()):
                if pattern.fits(path):
                    labels = (labels or frozenset()) | found
        return labels

    def writes(self, paths: tuple[str, ...], name: str, node: Call, given: Given, state: State) -> None:
        """Arguments that the call fills from a source."""
        for path in paths:
            for kind, pattern, index in self.language.outs.get(path.rsplit(".", 1)[-1], ()):
                if pattern.fits(path):
                    rest = (
                        node.args[index:]
                        if name in ("scanf", "fscanf", "sscanf", "Scan", "Scanln", "Scanf", "read")
                        else node.args[index : index + 1]
                    )
                    for arg in rest:
                        old = self.eval(arg.value, state)
                        if old.cls in ("int", "long", "double", "float", "size_t", "unsigned"):
                            continue
                        key = (kind, self.key_of(arg.value) or name)
                        self.store(
                            arg.value,
                            old.but(taint={key: frozenset()}, const=UNKNOWN, prefix="", built=False, root=True),
                            state,
                        )
                    return
        copies = self.facts.get("copies", {}).get(name)
        if copies is not None and len(node.args) > copies:
            target = node.args[copies].value
            old = self.eval(target, state)
            parts = [v for i, v in enumerate(given.positional) if i != copies]
            if name.endswith("cat"):
                parts = [old, *parts]
            if "printf" in name:
                parts = [p for p in parts if not (p.known and isinstance(p.const, int))]
            made = concat(parts)
            if len(parts) > 1 and not made.known:
                made = made.but(built=True)
            self.store(
                target, made.but(cls=old.cls, attrs=old.attrs, const=made.const if made.known else UNKNOWN), state
            )

    def container(self, node: Call, name: str, this: Value | None, given: Given, state: State) -> Value | None:
        """Lists and maps that are known element by element."""
        if this is None or not isinstance(node.func, Member):
            return None
        obj, args = node.func.obj, given.positional
        if this.items is not None:
            items = list(this.items)
            if name in ADD and args:
                self.store(obj, self.listed([*items, *args]).but(cls=this.cls, paths=this.paths), state)
                return Value()
            index = args[0].const if args and args[0].known and isinstance(args[0].const, int) else None
            if name in ("remove", "pop", "shift", "removeFirst", "RemoveAt", "delete_at") and (
                index is not None or not args
            ):
                at = index if index is not None else (0 if name in ("shift", "removeFirst") else -1)
                if not items or not -len(items) <= at < len(items):
                    return Value(taint=this.taint)
                gone = items.pop(at)
                self.store(obj, self.listed(items).but(cls=this.cls, paths=this.paths), state)
                return gone
            if (
                name in ("get", "at", "elementAt", "ElementAt")
                and index is not None
                and -len(items) <= index < len(items)
            ):
                return items[index]
            if name in ("clear", "Clear"):
                self.store(obj, self.listed([]), state)
                return Value()
        if this.attrs is not None and args and args[0].known and isinstance(args[0].const, str):
            key = args[0].const
            if name in GET and key in this.attrs:
                return this.attrs[key]
        if name in PUT and len(args) >= 2 and args[0].known and not this.taint:
            attrs = {**(this.attrs or {}), str(args[0].const): args[-1]}
            attrs[name] = self.setter(this, name, args)
            self.store(obj, this.but(attrs=attrs), state)
            return None
        if name in GET and not this.taint and args:
            # A look-up: the key does not become the value, a default may.
            rest = args[1:]
            return Value(
                taint=taint_of(rest), paths=tuple(f"{p}.{name}()" for p in this.paths[:2]), steps=steps_of(rest)
            )
        if (
            name in ADD or name.startswith(("set", "Set", "put", "write", "with", "enable", "disable"))
        ) and not node.func.name.endswith("()"):
            attrs = {**(this.attrs or {}), name: self.setter(this, name, args)}
            made = this.but(attrs=attrs, const=UNKNOWN if this.cls else this.const)
            if name in ADD or name.startswith(("write", "put", "append")):
                extra = taint_of([this, *args])
                made = made.but(taint=extra, items=None)
            self.store(obj, made, state)
            if name.startswith(("set", "with")) and not this.taint and self.name in ("java", "rust"):
                return made
            return None
        return None

    def setter(self, this: Value, name: str, args: list[Value]) -> Value:
        """How often a setter was called, with what: for conditions on the receiver."""
        old = (this.attrs or {}).get(name)
        last = args[-1] if args else constant(True)
        text = " ".join(
            [
                *([old.texts] if old is not None else []),
                *(a.text for a in args if a.text),
                *(p for a in args for p in a.paths),
            ]
        )
        return (
            last.but(texts=text[:400])
            if not last.known
            else Value(const=last.const, texts=text[:400], taint=last.taint)
        )

    def listed(self, items: list[Value]) -> Value:
        return Value(items=items, taint=taint_of(items), steps=steps_of(items))
