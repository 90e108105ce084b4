import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import retry


class Flaky:
    """Fails a number of times, then returns the number of calls."""

    def __init__(self, failures: int, error: type[Exception] = ConnectionError) -> None:
        self.failures = failures
        self.error = error
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error("not yet")
        return self.calls


@given(st.integers(0, 8), st.integers(1, 8))
def test_tries_as_often_as_needed_and_allowed(failures: int, attempts: int) -> None:
    action, pauses = Flaky(failures), list[float]()
    if failures < attempts:
        result = retry(action, attempts=attempts, delay=0.5, sleep=pauses.append)
        assert result == failures + 1
    else:
        with pytest.raises(ConnectionError, match="not yet"):
            retry(action, attempts=attempts, delay=0.5, sleep=pauses.append)
    assert action.calls == min(failures + 1, attempts)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 32, 64][: action.calls - 1]


def test_other_errors_are_raised_at_once() -> None:
    action, pauses = Flaky(2, KeyError), list[float]()
    with pytest.raises(KeyError):
        retry(action, attempts=5, errors=(OSError, TimeoutError), sleep=pauses.append)
    assert (action.calls, pauses) == (1, [])


def test_attempts_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        retry(Flaky(0), attempts=0)
