from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import run_length_decode, run_length_encode

TEXTS = st.text("ab1", max_size=30)


def test_known_values() -> None:
    assert run_length_encode("") == []
    assert run_length_encode("aaab11") == [("a", 3), ("b", 1), ("1", 2)]


@given(TEXTS)
def test_decoding_undoes_encoding(text: str) -> None:
    assert run_length_decode(run_length_encode(text)) == text


@given(TEXTS)
def test_runs_are_maximal(text: str) -> None:
    runs = run_length_encode(text)
    assert sum(count for _, count in runs) == len(text)
    assert all(before[0] != after[0] for before, after in pairwise(runs))


def test_empty_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        run_length_decode([("a", 0)])
