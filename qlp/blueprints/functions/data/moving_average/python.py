"""Simple moving average."""

from collections.abc import Sequence


def moving_average(numbers: Sequence[float], window: int) -> list[float]:
    """Return the mean of every `window` neighbours; [] when there are fewer numbers.

    Raises ValueError when window is below 1.
    """
    if window < 1:
        raise ValueError("window must be positive")
    return [
        sum(numbers[start : start + window]) / window for start in range(len(numbers) - window + 1)
    ]
