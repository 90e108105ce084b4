"""Retries with exponential back-off."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def retry(
    action: Callable[[], T],
    *,
    attempts: int = 3,
    delay: float = 0.1,
    errors: type[Exception] | tuple[type[Exception], ...] = Exception,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Call `action` until it returns, at most `attempts` times; the last error is raised.

    The pauses are delay, 2 * delay, 4 * delay, ... seconds. Errors of other types than `errors`
    are raised at once. Raises ValueError when attempts is below 1.
    """
    if attempts < 1:
        raise ValueError("attempts must be positive")
    for attempt in range(attempts - 1):
        try:
            return action()
        except errors:
            sleep(delay * 2**attempt)
    return action()
