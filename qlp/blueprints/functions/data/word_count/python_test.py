from hypothesis import given
from hypothesis import strategies as st

from functions import count_words, word_count

COUNTS = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 4), max_size=5)


def test_known_values() -> None:
    assert word_count("") == {}
    assert word_count("The cat - the CAT's cat_2!") == {"the": 2, "cat": 2, "cat's": 1, "2": 1}


@given(COUNTS, st.sampled_from([" ", ", ", "\n", "--"]), st.randoms(use_true_random=False))
def test_counts_what_was_put_in(counts: dict[str, int], gap: str, random: object) -> None:
    words = [word.title() for word, count in counts.items() for _ in range(count)]
    random.shuffle(words)  # type: ignore[attr-defined]
    assert word_count(gap.join(words)) == counts
    assert count_words(gap.join(words)) == len(words)
