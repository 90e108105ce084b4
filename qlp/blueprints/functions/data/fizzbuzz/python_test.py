from hypothesis import given
from hypothesis import strategies as st

from functions import fizzbuzz

FIRST_TEN = ["1", "2", "Fizz", "4", "Buzz", "Fizz", "7", "8", "Fizz", "Buzz"]
CYCLE = [*FIRST_TEN, "11", "Fizz", "13", "14", "FizzBuzz"]


def test_first_cycle() -> None:
    assert fizzbuzz(15) == CYCLE
    assert fizzbuzz(0) == fizzbuzz(-4) == []


@given(st.integers(1, 400))
def test_words_repeat_every_fifteen_lines(n: int) -> None:
    lines = fizzbuzz(n)
    assert len(lines) == n
    for number, line in enumerate(lines, start=1):
        word = CYCLE[(number - 1) % 15]
        assert line == (str(number) if word.isdigit() else word)
