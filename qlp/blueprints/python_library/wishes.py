"""Which of its three libraries a request asks for, and what of it cannot be served."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from qlp.blueprints.python_cli.tables import UnservableModel
from qlp.blueprints.python_library import domain, units, validators
from qlp.blueprints.python_library.layout import request_words
from qlp.blueprints.python_library.scoring import unserved_words
from qlp.models import Analysis

Flavour = Literal["units", "validators", "domain", "none"]


@cache
def filler() -> frozenset[str]:
    """Words that say nothing about what a library does."""
    return frozenset(resources.files("qlp.blueprints.python_library").joinpath("data/filler.txt").read_text().split())


@dataclass(frozen=True)
class LibraryWish:
    flavour: Flavour
    families: tuple[str, ...] = ()
    validators: tuple[validators.ValidatorRow, ...] = ()
    functions: tuple[str, ...] = ()
    """Names asked for that the library will have."""
    missing: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


def wish_of(analysis: Analysis) -> LibraryWish:
    """Pure; the same analysis gives the same wish."""
    spec = analysis.spec
    words = request_words(analysis)
    asked = tuple(dict.fromkeys((*spec.commands, *spec.functions)))
    if spec.entities:
        return _domain(analysis, words, asked)
    conversions = [name for name in asked if units.split_function(name)]
    checks = [name for name in asked if validators.split_function(name)]
    families = units.families_named(words)
    convert = bool(units.CUES.intersection(words))
    wants_units = bool(conversions) or (convert and bool(families or units.UNIT_WORDS.intersection(words)))
    named = validators.validators_named(words)
    wants_checks = bool(checks) or (bool(validators.CUES.intersection(words)) and bool(named))
    if wants_units and not (wants_checks and len(named) > len(families)):
        return _units(words, asked, families, also=wants_checks and not conversions and bool(named))
    if wants_checks:
        return _validators(words, asked, named, also=wants_units)
    return LibraryWish(
        "none",
        missing=("a library of another kind than unit conversion, validators or a domain model", "its functions"),
    )


def _domain(analysis: Analysis, words: tuple[str, ...], asked: tuple[str, ...]) -> LibraryWish:
    try:
        tables, _ = domain.domain_model(analysis.spec)
    except UnservableModel as error:
        return LibraryWish("domain", missing=(str(error),))
    known = {part for t in tables for c in t.columns for part in (c.name, *c.name.split("_"))}
    missing = domain.functions_missing(asked, tables) + unserved_words(words, domain.UNSERVED, known)
    reasons = (f"a domain model of {', '.join(t.plural for t in tables)}",)
    return LibraryWish("domain", functions=asked, missing=tuple(missing), reasons=reasons)


def _units(words: tuple[str, ...], asked: tuple[str, ...], families: tuple[str, ...], *, also: bool) -> LibraryWish:
    split = {name: units.split_function(name) for name in asked}
    wanted = set(families) | {found[2] for found in split.values() if found}
    missing = unserved_words(words, units.UNSERVED, set())
    missing += [f"function {n}" for n, found in split.items() if not found and n not in units.API]
    if also:
        missing.append("validators in the same library")
    missing += _strangers(words, set(units.unit_words()), asked)
    ordered = tuple(f for f in units.FAMILIES if f in (wanted or set(units.DEFAULT)))
    assumptions = () if wanted else (f"the families are {', '.join(units.DEFAULT)}",)
    functions = tuple(n.lower().replace("-", "_") for n, found in split.items() if found)
    reasons = (f"exact conversion of {', '.join(f.replace('_', ' ') for f in ordered)}",)
    return LibraryWish("units", ordered, (), functions, tuple(missing), reasons, assumptions)


def _validators(
    words: tuple[str, ...], asked: tuple[str, ...], named: tuple[validators.ValidatorRow, ...], *, also: bool
) -> LibraryWish:
    split = {name: validators.split_function(name) for name in asked}
    chosen = {row.name for row in named} | {found[0].name for found in split.values() if found}
    # `date` and `version` are ordinary words: beside other names they are meant, alone in a phrase they are too.
    missing = unserved_words(words, validators.UNSERVED, set())
    missing += [f"function {n}" for n, found in split.items() if not found and n not in ("validate", "is_valid")]
    if also:
        missing.append("unit conversion in the same library")
    missing += _strangers(words, set(validators.validator_words()), asked)
    rows = tuple(row for row in validators.VALIDATORS if row.name in chosen)
    functions = tuple(n.lower().replace("-", "_") for n, found in split.items() if found)
    reasons = (f"validators for {', '.join(row.title for row in rows)}",)
    return LibraryWish("validators", (), rows, functions, tuple(missing), reasons)


def _strangers(words: tuple[str, ...], known: set[str], asked: tuple[str, ...]) -> list[str]:
    """Words that stand in a row with what is served but are not: `emails, IBANs and passports`.

    A word that is neither filler nor known counts if a known one is at most two words away.
    """
    parts = {part for name in asked for part in (name, *name.replace("-", "_").split("_"))}
    found = []
    for i, word in enumerate(words):
        if word in known or word in filler() or word in parts or word.isdigit():
            continue
        near = words[max(0, i - 2) : i] + words[i + 1 : i + 3]
        if known.intersection(near):
            found.append(f"{word} (not understood)")
    return found
