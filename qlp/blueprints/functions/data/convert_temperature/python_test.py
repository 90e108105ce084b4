from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import Scale, convert_temperature

SCALES = st.sampled_from(get_args(Scale))


@pytest.mark.parametrize(
    ("celsius", "fahrenheit", "kelvin"),
    [(-273.15, -459.67, 0.0), (-40.0, -40.0, 233.15), (0.0, 32.0, 273.15), (100.0, 212.0, 373.15)],
)
def test_fixed_points(celsius: float, fahrenheit: float, kelvin: float) -> None:
    values: dict[Scale, float] = {"celsius": celsius, "fahrenheit": fahrenheit, "kelvin": kelvin}
    for source, value in values.items():
        for target, expected in values.items():
            assert convert_temperature(value, source, target) == pytest.approx(expected, abs=1e-6)


@given(st.floats(0, 1e6), SCALES, SCALES, SCALES)
def test_a_detour_does_not_matter(value: float, a: Scale, b: Scale, c: Scale) -> None:
    direct = convert_temperature(value, a, c)
    detour = convert_temperature(convert_temperature(value, a, b), b, c)
    assert detour == pytest.approx(direct, abs=1e-6)


def test_impossible_input_is_refused() -> None:
    with pytest.raises(ValueError, match="absolute zero"):
        convert_temperature(-273.16, "celsius", "kelvin")
    with pytest.raises(ValueError, match="scales"):
        convert_temperature(0, "celsius", "rankine")  # type: ignore[arg-type]
