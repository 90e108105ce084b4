"""Conversion between temperature scales."""

from typing import Literal

Scale = Literal["celsius", "fahrenheit", "kelvin"]

# value in kelvin = (value + offset) * factor
_OFFSET: dict[Scale, float] = {"celsius": 273.15, "fahrenheit": 459.67, "kelvin": 0.0}
_FACTOR: dict[Scale, float] = {"celsius": 1.0, "fahrenheit": 5 / 9, "kelvin": 1.0}


def convert_temperature(value: float, source: Scale, target: Scale) -> float:
    """Return the temperature in the scale `target`.

    Raises ValueError for an unknown scale or a temperature below absolute zero.
    """
    if source not in _OFFSET or target not in _OFFSET:
        raise ValueError("scales are celsius, fahrenheit and kelvin")
    kelvin = (value + _OFFSET[source]) * _FACTOR[source]
    if kelvin < 0:
        raise ValueError("below absolute zero")
    return kelvin / _FACTOR[target] - _OFFSET[target]
