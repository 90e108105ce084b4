from hypothesis import given
from hypothesis import strategies as st

from functions import reverse_words

WORDS = st.lists(st.text("abc", min_size=1, max_size=4), max_size=8)


def test_known_values() -> None:
    assert reverse_words("") == ""
    assert reverse_words("  the quick\tbrown\n fox ") == "fox brown quick the"


@given(WORDS)
def test_each_word_moves_to_the_mirrored_place(words: list[str]) -> None:
    result = reverse_words("  ".join(words)).split(" ") if words else []
    assert len(result) == len(words)
    assert all(result[-1 - i] == word for i, word in enumerate(words))
