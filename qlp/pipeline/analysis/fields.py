"""Fields of a thing: a list in plain words to FieldSpec, types taken from words or inferred from names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from qlp.models import FieldSpec, FieldType
from qlp.pipeline.analysis.names import is_plural, singular, snake
from qlp.pipeline.analysis.text import Token
from qlp.pipeline.analysis.vocabulary import Phrases, phrases_of, vocabulary, words_of

MAX_CHOICES = 24
_NUMERIC = frozenset({"int", "decimal", "float"})


@dataclass
class RawField:
    """What a request says of one field, before types are inferred."""

    words: list[str]
    type: str | None = None
    optional: bool = False
    required: bool = False
    unique: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: list[str] = field(default_factory=list)
    many: bool = False
    article: bool = False
    unclear: list[str] = field(default_factory=list)
    """Remarks in the request that are not understood or cannot be kept."""
    contradictory: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.words)


@cache
def type_phrases() -> Phrases:
    return Phrases((str(p), str(t)) for p, t in vocabulary()["explicit_types"].items())


def read_remarks(raw: RawField, remarks: Sequence[Sequence[Token]]) -> None:
    """Apply what stands in parentheses or after a colon behind a field; each remark is one comma-separated item."""
    types = type_phrases()
    loose: list[list[str]] = []
    forced = False
    for remark in remarks:
        words = [t.low for t in remark if t.word]
        if not words:
            continue
        if words[0] in {"e.g.", "example", "eg", "ex", "i.e.", "like"}:
            break
        if words[0] in {"choices", "choice", "values", "options", "either", "enum", "one"} or (
            words[:3] == ["can", "be", "one"]
        ):
            forced = True
            words = [
                w for w in words if w not in {"choices", "choice", "values", "options", "either", "enum", "one", "of"}
            ]
            words = [w for w in words if w not in {"can", "be", "are", "is"}]
            loose.extend([w] for w in words if w not in {"or", "and"})
            continue
        words = _modifiers(raw, words, [t.text for t in remark])
        if not words:
            continue
        hit = types.at(tuple(words), 0)
        if hit and hit[1] == len(words):
            raw.type = hit[0]
        elif words[-1] in words_of("foreign_types") or words[0] in words_of("foreign_types"):
            raw.unclear.append(f"field {raw.text} of type {' '.join(words)}")
        elif all(w in words_of("grammar", "units") or w in {"in", "as", "the", "a"} for w in words):
            continue
        else:
            loose.append(words)
    flat = [[w for w in words if w not in {"or", "and"}] for words in loose]
    flat = [words for words in flat if words]
    if len(flat) >= 2 or (forced and flat):
        names = [snake(words) for words in flat]
        if all(names) and len(set(names)) == len(names) <= MAX_CHOICES and all(len(words) <= 3 for words in flat):
            raw.choices = [n.removesuffix("_value") if n.endswith("_value") else n for n in names]
        else:
            raw.unclear.append(f"values of {raw.text}")
    elif flat:
        raw.unclear.append(f"{raw.text} ({' '.join(flat[0])})")


def _modifiers(raw: RawField, words: list[str], texts: list[str]) -> list[str]:
    """Take known modifiers out of one remark and return the words that remain."""
    for low, attribute in (("optional", "optional"), ("nullable", "optional"), ("required", "required")):
        if low in words:
            setattr(raw, attribute, True)
    if "mandatory" in words or words[:2] == ["not", "null"] or words == ["not", "empty"]:
        raw.required = True
    if "unique" in words:
        raw.unique = True
    noise = {
        "optional",
        "nullable",
        "required",
        "mandatory",
        "unique",
        "must",
        "be",
        "is",
        "field",
        "should",
        "a",
        "an",
    }
    if words[:2] in (["not", "null"], ["not", "empty"], ["not", "negative"]):
        raw.minimum = 0.0 if words[1] == "negative" else raw.minimum
        words = words[2:]
    words = [w for w in words if w not in noise]
    numbers = [w for w in words if _number(w) is not None]
    if words and words[0] in {"default", "defaults", "defaulting"}:
        if words[-1] not in {"false", "no", "0", "null", "none"}:
            raw.unclear.append(f"default value of {raw.text}")
        return []
    if "positive" in words:
        raw.minimum = 1.0
        words.remove("positive")
    if words[:2] == ["non", "negative"]:
        raw.minimum, words = 0.0, words[2:]
    if numbers:
        limit = _limits(raw, words, texts, [float(_number(n) or 0.0) for n in numbers])
        if limit:
            return []
    return words


def _limits(raw: RawField, words: list[str], texts: list[str], numbers: list[float]) -> bool:
    if {"characters", "chars", "letters", "digits", "long", "character", "length"} & set(words):
        raw.unclear.append(f"length limit of {raw.text}")
        return True
    others = [w for w in words if _number(w) is None]
    span = set(others) <= {"to", "from", "between", "and", "range", "through"}
    if len(numbers) == 2 and span and (others or "-" in texts or len(texts) == 2):
        raw.minimum, raw.maximum = min(numbers), max(numbers)
        return True
    if len(numbers) == 1:
        if set(others) & {"min", "minimum", "least"} or ">" in texts or "≥" in texts:
            raw.minimum = numbers[0] + (1.0 if ">" in texts and "=" not in texts and "≥" not in texts else 0.0)
            return True
        if set(others) & {"max", "maximum", "most", "up"} or "<" in texts or "≤" in texts:
            raw.maximum = numbers[0]
            return True
    return False


def _number(word: str) -> float | None:
    return float(word) if word.isascii() and word.replace(".", "", 1).isdigit() and len(word) < 16 else None


def infer_type(name: str) -> FieldType | None:
    """The type that a snake_case name suggests, None if it suggests nothing (then a short string)."""
    by_name = vocabulary()["type_by_name"]
    last = name.rpartition("_")[2]
    for candidate in (name, singular(name)):
        for kind, listed in by_name.items():
            if candidate in listed:
                return _known(kind)
    if "_per_" in name:
        # `price per night` is a price, not a night.
        return infer_type(name.partition("_per_")[0])
    for kind, prefixes in vocabulary()["type_by_prefix"].items():
        if any(name.startswith(f"{p}_") for p in prefixes):
            return _known(kind)
    for kind, suffixes in vocabulary()["type_by_suffix"].items():
        if any(name.endswith(s) for s in suffixes) and last != name:
            return _known(kind)
    for kind, listed in by_name.items():
        if last in listed and kind != "bool":
            return _known(kind)
    return None


def _known(kind: str) -> FieldType:
    return "int" if kind == "rating" else _TYPES[kind]


_TYPES: dict[str, FieldType] = {
    "str": "str",
    "text": "text",
    "int": "int",
    "decimal": "decimal",
    "float": "float",
    "bool": "bool",
    "date": "date",
    "datetime": "datetime",
    "email": "email",
    "url": "url",
    "uuid": "uuid",
}


def to_spec(raw: RawField) -> tuple[FieldSpec | None, list[str]]:
    """The finished field and the assumptions made; None if its name cannot be written in ASCII."""
    name = snake(raw.words)
    if not name:
        return None, []
    notes = []
    plain = "_".join(raw.words)
    if name.removesuffix("_value").removesuffix("_name") == plain and name != plain:
        notes.append(f"field `{plain}` is called `{name}`: the short name is a reserved word")
    inferred = infer_type(plain if name != plain else name)
    if raw.choices:
        kind: FieldType = "str"
    elif raw.type:
        kind = _TYPES[raw.type]
    elif inferred:
        kind = inferred
        if kind not in {"str", "text"}:
            notes.append(f"`{name}` taken as {_SPOKEN.get(kind, kind)}")
    else:
        kind = "str"
        if name in words_of("list_fields"):
            kind = "text"
            notes.append(f"`{name}` kept as one text")
    minimum = raw.minimum
    if minimum is None and raw.maximum is None and raw.type is None:
        if kind == "decimal":
            minimum = float(vocabulary()["money_minimum"])
        elif kind == "int" and inferred == "int":
            minimum = float(vocabulary()["count_minimum"])
    if minimum is None and kind in {"decimal", "int"} and inferred == kind:
        minimum = 0.0
    if kind not in _NUMERIC:
        minimum = None
    maximum = raw.maximum if kind in _NUMERIC else None
    spec = FieldSpec(
        name=name,
        type=kind,
        required=not raw.optional,
        unique=raw.unique,
        minimum=minimum,
        maximum=maximum,
        choices=tuple(raw.choices),
    )
    return spec, notes


_SPOKEN = {"decimal": "decimal money", "int": "a whole number", "bool": "yes or no", "float": "a decimal number"}


def default_fields(entity_words: Sequence[str]) -> list[RawField]:
    """Fields of a thing of which the request only says the name."""
    table = vocabulary()["default_fields"]
    listed = table.get(singular(entity_words[-1]), ["name"])
    return [RawField(words=str(f).split("_")) for f in listed]


def looks_like_thing(words: Sequence[str]) -> bool:
    """A plural that names things of their own, rather than a counted field such as `pages`."""
    last = words[-1]
    known = singular(last) in words_of("known_things")
    if last in words_of("plural_fields") or last in words_of("list_fields"):
        return False
    return is_plural(last) and (known or infer_type(last) is None)


__all__ = ["RawField", "default_fields", "infer_type", "looks_like_thing", "phrases_of", "read_remarks", "to_spec"]
