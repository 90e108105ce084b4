"""The rules as data: they load, they are whole, and the twins ask for rules that there are."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
import yaml

from qlp.models import SEVERITIES
from qlp.validation.security.inside import rules
from qlp.validation.security.inside.checks import Given, fires, holds
from qlp.validation.security.inside.values import Value, constant
from tests.security import reader

pytestmark = pytest.mark.unit

DATA = files("qlp.validation.security").joinpath("data")


def read(name: str) -> Any:
    return yaml.load(DATA.joinpath(*name.split("/")).read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


ROWS: list[dict[str, Any]] = [
    row
    for entry in sorted(DATA.joinpath("rules").iterdir(), key=lambda e: e.name)
    for row in read(f"rules/{entry.name}")
]


def test_every_rule_loads_and_says_what_to_do() -> None:
    sources = read("sources.yaml")
    common = sources.pop("common")
    languages = rules.load(ROWS, {name: {**common, **facts} for name, facts in sources.items()})
    assert set(languages) >= {
        "python", "javascript", "java", "php", "ruby", "go", "c", "csharp", "rust", "bash",
    }  # fmt: skip
    for row in ROWS:
        assert row["severity"] in SEVERITIES
        assert row["cwe"] > 0
        assert row["message"]
        assert row["fix"], row["id"]


def test_sanitizers_name_labels_that_some_rule_has() -> None:
    labels = {row.get("label", row["id"]) for row in ROWS} | {"all", "template"}
    for language, facts in read("sources.yaml").items():
        for names in facts.get("sanitizers", {}):
            assert {n.strip() for n in names.split(",")} <= labels, language


@pytest.mark.parametrize("language", reader.languages())
def test_there_are_enough_twins_and_their_rules_exist(language: str) -> None:
    found = reader.twins(language)
    assert len(found) >= (12 if language in ("python", "javascript", "java", "php") else 6)
    assert {t.rule for t in found} <= {row["id"] for row in ROWS} | {""}
    assert all(t.insecure != t.secure for t in found)


@pytest.mark.parametrize(
    "spec",
    ["open(0) if", "a.*(0)", "f() if 0:strange", "f() if ~x", "f(0) iff x"],
    ids=["no condition", "wild", "kind", "key", "word"],
)
def test_a_place_that_cannot_be_read_says_so(spec: str) -> None:
    row = {"id": "x", "severity": "low", "cwe": 1, "message": "m", "sinks": {"python": [spec]}}
    with pytest.raises(rules.RuleError):
        rules.load([row], {})


def test_an_unknown_key_of_a_rule_is_refused() -> None:
    with pytest.raises(rules.RuleError, match="serverity"):
        rules.load([{"id": "x", "severity": "low", "cwe": 1, "message": "m", "serverity": "high"}], {})


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("hashlib.md5", "hashlib.md5", True),
        ("hashlib.md5", "compat.hashlib.md5", True),
        ("hashlib.md5", "xhashlib.md5", False),
        ("=open", "open", True),
        ("=open", "os.open", False),
        ("requests.*.verify", "requests.get.verify", True),
        ("requests.*.verify", "requests.verify", False),
    ],
)
def test_patterns_match_the_end_of_a_name(pattern: str, path: str, fits: bool) -> None:
    assert rules.pattern(pattern).fits(path) is fits


def test_alternatives_are_multiplied_out() -> None:
    assert rules.expand("{a,b}.c.{d,e}") == ["a.c.d", "a.c.e", "b.c.d", "b.c.e"]
    assert rules.expand("{}.verify") == ["%.verify"]


def test_a_condition_holds_only_where_it_is_certain() -> None:
    missing, off = rules.condition("!secure"), rules.condition("secure=false")
    plain = Given(None, [constant("sid")], {})
    assert holds(missing, plain, "")
    assert not holds(off, plain, "")
    assert holds(off, Given(None, [], {"secure": constant(False)}), "")
    assert not holds(off, Given(None, [], {"secure": Value(paths=("SETTING",))}), "")
    unsure = Given(None, [constant("sid")], {}, open=True)
    assert not holds(missing, unsure, ""), "`**options` may bring it"
    literal = Given(None, [constant("sid"), Value(attrs={"path": constant("/")}, closed=True)], {})
    assert holds(rules.condition("!1.secure"), literal, "")
    made_elsewhere = Given(None, [constant("sid"), Value(paths=("options",))], {})
    assert not holds(rules.condition("!1.secure"), made_elsewhere, "")


def test_all_conditions_of_a_place_must_hold() -> None:
    row = {"id": "x", "severity": "low", "cwe": 1, "message": "m", "calls": {"go": ["f() if 0=1 & context~token"]}}
    (place,) = rules.load([row], {})["go"].calls["f"]
    given = Given(None, [constant(1)], {})
    assert fires(place, given, "new_token")
    assert not fires(place, given, "new_colour")


def test_no_rule_is_without_a_way_to_fire() -> None:
    ways = {"calls", "sinks", "sets", "names", "checks", "returns"}
    assert [row["id"] for row in ROWS if not ways & row.keys()] == []
