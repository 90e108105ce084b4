import re

from hypothesis import given
from hypothesis import strategies as st

from functions import slugify

WORDS = st.lists(st.text("abcxyz019", min_size=1, max_size=6), max_size=6)


def test_known_values() -> None:
    assert slugify("  Hello, World! ") == "hello-world"
    assert slugify("Caf\u00e9 del Mar: 20 a\u00f1os") == "cafe-del-mar-20-anos"
    assert slugify("!!!") == ""


@given(st.text())
def test_is_always_a_slug_and_stays_one(text: str) -> None:
    slug = slugify(text)
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", slug)
    assert slugify(slug) == slug


@given(WORDS, st.sampled_from([" ", "--", " / ", "_"]))
def test_keeps_every_word(words: list[str], gap: str) -> None:
    assert slugify(gap.join(words).upper()).split("-") == (words or [""])
