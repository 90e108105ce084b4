"""Which sub-commands a tool gets: those asked for, under the names asked for, and the ordinary ones beside them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from qlp.blueprints.python_cli.tables import Column, Table

_ACTIONS: dict[str, tuple[str, ...]] = {
    "add": ("add", "create", "new", "insert", "record", "register"),
    "list": ("list", "ls"),
    "show": ("show", "get", "view", "display"),
    "update": ("update", "edit", "modify", "change"),
    "remove": ("remove", "delete", "rm", "del"),
    "search": ("search", "find", "filter", "query"),
    "total": ("total", "sum", "totals"),
    "average": ("average", "avg", "mean"),
    "count": ("count",),
    "report": ("report", "summary", "summarize", "summarise", "stats", "statistics"),
    "export": ("export",),
    "import": ("import",),
}
ACTION_OF = {verb: action for action, verbs in _ACTIONS.items() for verb in verbs}
ALWAYS = ("add", "list", "show", "update", "remove", "search", "export", "import")
FREE = frozenset({"help", "version"})
_DONE = ("done", "complete", "finish", "close", "check", "tick", "do")
_UNDO = {"reopen": "done", "uncheck": "done", "undone": "done"}
_DONE_FIELDS = ("done", "completed", "complete", "finished", "closed", "is_done", "checked")
_IRREGULAR = {
    "pay": "paid",
    "do": "done",
    "sell": "sold",
    "send": "sent",
    "buy": "bought",
    "read": "read",
    "activate": "active",
}
_DONE_CHOICES = ("done", "completed", "complete", "finished", "closed")
_PERIODS = ("day", "month", "year")
PERIOD_WORDS = {"daily": "day", "monthly": "month", "yearly": "year", "annual": "year"} | {p: p for p in _PERIODS}


@dataclass(frozen=True)
class Command:
    """One sub-command of one table."""

    name: str
    action: str
    help: str
    aliases: tuple[str, ...] = ()
    shortcuts: tuple[str, ...] = ()
    """Names at the top level of a tool with several tables: `add-book`."""
    column: str = ""
    value: str = ""
    by: str = ""


@dataclass
class CommandSet:
    tables: tuple[Table, ...]
    commands: dict[str, list[Command]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)


def _past(verb: str) -> tuple[str, ...]:
    forms = (verb, f"{verb}d", f"{verb}ed", f"{verb[:-1]}ied", f"{verb}{verb[-1:]}ed", _IRREGULAR.get(verb, verb))
    return (*forms, *(f"is_{f}" for f in forms))


def _flag(table: Table, verb: str) -> tuple[Column, str] | None:
    """The column and value that `verb` sets: `pay` -> paid=true, `close` -> status=closed, `reopen` -> done=false."""
    positive = _UNDO.get(verb) or (verb[2:] if verb.startswith("un") else "")
    if positive:
        found = _flag(table, positive)
        return (found[0], "false") if found and found[0].kind == "bool" else None
    wanted = (*_past(verb), *(_DONE_FIELDS if verb in _DONE else ()))
    for column in table.columns:
        if column.kind == "bool" and column.name in wanted:
            return column, "true"
    for column in table.columns:
        for choice in column.choices:
            if choice in wanted or (verb in _DONE and choice in _DONE_CHOICES):
                return column, choice
    return None


def named_group(table: Table, name: str) -> str:
    """The column or period that `name` means, or nothing: `customers` -> `customer_id`, `monthly` -> `month`."""
    plain = name.replace("-", "_")
    for candidate in (plain, plain.removesuffix("s"), f"{plain}_id", f"{plain.removesuffix('s')}_id"):
        if table.column(candidate):
            return candidate
    period = PERIOD_WORDS.get(plain, "")
    return period if period and table.first("date", "datetime") is not None else ""


def group_by(table: Table, words: tuple[str, ...]) -> tuple[str, list[str]]:
    """What the request groups its figures by (`category`, `month`, or nothing), and what it names in vain."""
    figures = {v for a in ("total", "average", "count", "report") for v in _ACTIONS[a]}
    for i, word in enumerate(words):
        if word not in ("by", "per") or i + 1 >= len(words):
            continue
        one, two = words[i + 1], "_".join(words[i + 1 : i + 3])
        found = named_group(table, two) or named_group(table, one)
        if found:
            return found, []
        if one in PERIOD_WORDS:
            return "", [f"figures per {one} without a date"]
        if figures.intersection(words[max(0, i - 3) : i]):
            return "", [f"figures by {one}, which is no field of {table.label}"]
    if table.first("date", "datetime") is not None:
        for word in words:
            if word in ("daily", "monthly", "yearly"):
                return PERIOD_WORDS[word], []
    return "", []


def measure(table: Table, words: tuple[str, ...]) -> Column | None:
    """The number that `total` adds up: one that follows a word such as total, else money, else any number."""
    numbers = [c for c in table.columns if c.is_number]
    for i, word in enumerate(words):
        if ACTION_OF.get(word) in ("total", "average"):
            for follower in words[i + 1 : i + 4]:
                for column in numbers:
                    if follower.removesuffix("s") == column.name.removesuffix("s"):
                        return column
    return next((c for c in numbers if c.kind == "decimal"), numbers[0] if numbers else None)


def _split(asked: str, tables: tuple[Table, ...]) -> tuple[str, tuple[Table, ...]]:
    """`add-book` -> (`add`, the books); `add` -> (`add`, all tables)."""
    name = asked.strip().lower().replace("_", "-").replace(" ", "-")
    for table in tables:
        for label in (table.name, table.plural):
            suffix = "-" + label.replace("_", "-")
            if name.endswith(suffix):
                return name.removesuffix(suffix), (table,)
    return name, tables


def command_set(tables: tuple[Table, ...], asked: tuple[str, ...], words: tuple[str, ...]) -> CommandSet:
    """Everything that was asked, or why it cannot be."""
    result = CommandSet(tables=_with_done(tables, asked))
    if result.tables != tables:
        result.assumptions.append("each entry has a `done` flag, off at first, because it can be completed")
    tables = result.tables
    names: dict[tuple[str, str], list[str]] = {}
    sets: dict[str, list[Command]] = {t.name: [] for t in tables}
    groups: dict[tuple[str, str], str] = {}
    for wish in asked:
        plain, _, group = wish.strip().lower().replace("_", "-").replace(" ", "-").partition("-by-")
        verb, targets = _split(plain, tables)
        if verb in FREE:
            continue
        action = ACTION_OF.get(verb, "")
        flags = [(t, f) for t in targets if (f := _flag(t, verb))]
        exact = [(t, f) for t, f in flags if f[0].kind == "bool" and f[0].name in _past(verb)]
        if (exact and verb in ("read", "check")) or (not action and flags):
            for table, (column, value) in flags:
                sets[table.name].append(
                    Command(verb, "set", f"set {column.name} to {value}", column=column.name, value=value)
                )
        elif action in ("total", "average") and not any(measure(t, words) for t in targets):
            result.missing.append(f"command {verb}: there is no number to add up")
        elif action:
            whole = wish.strip().lower().replace("_", "-").replace(" ", "-")
            if group and not any(named_group(t, group) for t in targets):
                result.missing.append(f"command {wish}: there is no {group} to group by")
            for table in targets:
                if group:
                    groups.setdefault((table.name, action), named_group(table, group))
                names.setdefault((table.name, action), []).extend([verb] if verb == whole else [verb, whole])
        else:
            result.missing.append(f"command {wish}")
    grouped = ""
    vain: list[str] = []
    for table in tables:
        by, problems = group_by(table, words)
        grouped, vain = grouped or by, vain or problems
        result.commands[table.name] = [*_ordinary(table, names, groups, by, words, len(tables) > 1), *sets[table.name]]
        if not sets[table.name] and (flag := _flag(table, "done")):
            help_text = f"set {flag[0].name} to {flag[1]}"
            result.commands[table.name].append(Command("done", "set", help_text, column=flag[0].name, value=flag[1]))
        result.commands[table.name] = _distinct(result.commands[table.name])
    if vain and not grouped:
        result.missing.extend(vain)
    return result


def _distinct(commands: list[Command]) -> list[Command]:
    """Each name once: the first command that claims it keeps it."""
    taken: set[str] = set()
    kept = []
    for command in commands:
        if command.name not in taken:
            taken.add(command.name)
            aliases = tuple(a for a in command.aliases if a not in taken)
            taken.update(aliases)
            kept.append(replace(command, aliases=aliases))
    return kept


def _ordinary(
    table: Table,
    names: dict[tuple[str, str], list[str]],
    groups: dict[tuple[str, str], str],
    by: str,
    words: tuple[str, ...],
    many: bool,
) -> list[Command]:
    number = measure(table, words)
    figures = (*(("total", "average", "report") if number else ()), "count")
    help_of = {
        "add": f"add one {table.label}",
        "list": f"list {table.plural.replace('_', ' ')}, filtered and sorted",
        "show": f"show one {table.label}",
        "update": f"change fields of one {table.label}",
        "remove": f"remove one {table.label}",
        "search": "find a text in any field",
        "export": "write all entries as CSV or JSON",
        "import": "read entries from CSV or JSON, all or none",
        "total": "add up a number, in groups if wanted",
        "average": "average of a number, in groups if wanted",
        "count": "count entries, in groups if wanted",
        "report": "count, total, average, smallest and largest, in groups if wanted",
    }
    commands = []
    for action in (*ALWAYS, *figures):
        asked = list(dict.fromkeys(names.get((table.name, action), [])))
        first, *rest = asked or [action]
        command = Command(first, action, help_of[action])
        long = tuple(n for n in asked if "-" in n)
        command = replace(command, shortcuts=long) if many else replace(command, aliases=tuple(rest))
        if many:
            command = replace(command, aliases=tuple(n for n in rest if n not in long))
        if action in figures:
            column = number.name if number and action != "count" else ""
            command = replace(command, column=column, by=groups.get((table.name, action), by))
        commands.append(command)
    return commands


def _with_done(tables: tuple[Table, ...], asked: tuple[str, ...]) -> tuple[Table, ...]:
    verbs = {_split(a, tables)[0] for a in asked}
    if not verbs.intersection({*_DONE, *_UNDO}) or any(_flag(t, "done") for t in tables):
        return tables
    if any(_flag(t, v) for t in tables for v in verbs if v in _DONE):
        return tables
    main = next((t for t in tables if t.name in ("task", "todo", "item")), tables[0])
    done = Column(name="done", kind="bool")
    return tuple(replace(t, columns=(*t.columns, done)) if t is main else t for t in tables)
