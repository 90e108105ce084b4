"""Unit conversion: which families of quantities a request names, and the exact factors of their units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise


@dataclass(frozen=True)
class UnitRow:
    """`base = value * factor + offset`, exactly."""

    name: str
    symbol: str
    factor: str
    offset: str = "0"
    aliases: tuple[str, ...] = ()


# Factors are exact by definition: BIPM SI Brochure (9th edition), the 1959 yard and pound agreement, IEC 80000-13.
FAMILIES: dict[str, tuple[UnitRow, ...]] = {
    "temperature": (
        UnitRow("kelvin", "K", "1", aliases=("kelvins",)),
        UnitRow("celsius", "°C", "1", "5463/20", ("centigrade", "degC")),
        UnitRow("fahrenheit", "°F", "5/9", "45967/180", ("degF",)),
        UnitRow("rankine", "°R", "5/9", aliases=("degR",)),
    ),
    "length": (
        UnitRow("metre", "m", "1", aliases=("metres", "meter", "meters")),
        UnitRow("kilometre", "km", "1000", aliases=("kilometres", "kilometer", "kilometers")),
        UnitRow("centimetre", "cm", "1/100", aliases=("centimetres", "centimeter", "centimeters")),
        UnitRow("millimetre", "mm", "1/1000", aliases=("millimetres", "millimeter", "millimeters")),
        UnitRow("inch", "in", "127/5000", aliases=("inches",)),
        UnitRow("foot", "ft", "381/1250", aliases=("feet",)),
        UnitRow("yard", "yd", "1143/1250", aliases=("yards",)),
        UnitRow("mile", "mi", "201168/125", aliases=("miles",)),
        UnitRow("nautical_mile", "nmi", "1852", aliases=("nautical_miles",)),
    ),
    "mass": (
        UnitRow("kilogram", "kg", "1", aliases=("kilograms", "kilo", "kilos")),
        UnitRow("gram", "g", "1/1000", aliases=("grams",)),
        UnitRow("milligram", "mg", "1/1000000", aliases=("milligrams",)),
        UnitRow("tonne", "t", "1000", aliases=("tonnes",)),
        UnitRow("pound", "lb", "45359237/100000000", aliases=("pounds", "lbs")),
        UnitRow("ounce", "oz", "45359237/1600000000", aliases=("ounces",)),
        UnitRow("stone", "st", "635029318/100000000", aliases=("stones",)),
    ),
    "volume": (
        UnitRow("litre", "L", "1", aliases=("litres", "liter", "liters", "l")),
        UnitRow("millilitre", "mL", "1/1000", aliases=("millilitres", "milliliter", "milliliters", "ml")),
        UnitRow("cubic_metre", "m³", "1000", aliases=("cubic_metres", "cubic_meter", "cubic_meters", "m3")),
        UnitRow("gallon", "gal", "473176473/125000000", aliases=("gallons", "us_gallon")),
        UnitRow("quart", "qt", "473176473/500000000", aliases=("quarts",)),
        UnitRow("pint", "pt", "473176473/1000000000", aliases=("pints",)),
        UnitRow("cup", "cup", "473176473/2000000000", aliases=("cups",)),
        UnitRow("fluid_ounce", "fl oz", "473176473/16000000000", aliases=("fluid_ounces",)),
        UnitRow("imperial_gallon", "imp gal", "454609/100000", aliases=("imperial_gallons",)),
    ),
    "time": (
        UnitRow("second", "s", "1", aliases=("seconds", "sec")),
        UnitRow("millisecond", "ms", "1/1000", aliases=("milliseconds",)),
        UnitRow("microsecond", "µs", "1/1000000", aliases=("microseconds", "us")),
        UnitRow("minute", "min", "60", aliases=("minutes",)),
        UnitRow("hour", "h", "3600", aliases=("hours",)),
        UnitRow("day", "d", "86400", aliases=("days",)),
        UnitRow("week", "wk", "604800", aliases=("weeks",)),
    ),
    "speed": (
        UnitRow("metre_per_second", "m/s", "1", aliases=("mps", "meters_per_second", "metres_per_second")),
        UnitRow("kilometre_per_hour", "km/h", "5/18", aliases=("kmh", "kph", "kilometers_per_hour")),
        UnitRow("mile_per_hour", "mph", "1397/3125", aliases=("miles_per_hour",)),
        UnitRow("knot", "kn", "463/900", aliases=("knots",)),
        UnitRow("foot_per_second", "ft/s", "381/1250", aliases=("fps", "feet_per_second")),
    ),
    "area": (
        UnitRow("square_metre", "m²", "1", aliases=("square_metres", "square_meter", "square_meters", "m2")),
        UnitRow("square_kilometre", "km²", "1000000", aliases=("square_kilometres", "square_kilometers", "km2")),
        UnitRow("square_centimetre", "cm²", "1/10000", aliases=("square_centimetres", "square_centimeters", "cm2")),
        UnitRow("hectare", "ha", "10000", aliases=("hectares",)),
        UnitRow("acre", "ac", "316160658/78125", aliases=("acres",)),
        UnitRow("square_foot", "ft²", "145161/1562500", aliases=("square_feet", "ft2", "sqft")),
        UnitRow("square_inch", "in²", "16129/25000000", aliases=("square_inches", "in2")),
        UnitRow("square_mile", "mi²", "40468564224/15625", aliases=("square_miles", "mi2")),
    ),
    "data_size": (
        UnitRow("byte", "B", "1", aliases=("bytes",)),
        UnitRow("bit", "bit", "1/8", aliases=("bits",)),
        UnitRow("kilobyte", "kB", "1000", aliases=("kilobytes",)),
        UnitRow("megabyte", "MB", "1000000", aliases=("megabytes",)),
        UnitRow("gigabyte", "GB", "1000000000", aliases=("gigabytes",)),
        UnitRow("terabyte", "TB", "1000000000000", aliases=("terabytes",)),
        UnitRow("kibibyte", "KiB", "1024", aliases=("kibibytes",)),
        UnitRow("mebibyte", "MiB", "1048576", aliases=("mebibytes",)),
        UnitRow("gibibyte", "GiB", "1073741824", aliases=("gibibytes",)),
        UnitRow("tebibyte", "TiB", "1099511627776", aliases=("tebibytes",)),
    ),
    "pressure": (
        UnitRow("pascal", "Pa", "1", aliases=("pascals",)),
        UnitRow("kilopascal", "kPa", "1000", aliases=("kilopascals",)),
        UnitRow("bar", "bar", "100000", aliases=("bars",)),
        UnitRow("millibar", "mbar", "100", aliases=("millibars", "hPa", "hectopascal")),
        UnitRow("atmosphere", "atm", "101325", aliases=("atmospheres",)),
        UnitRow("torr", "Torr", "20265/152", aliases=("torrs",)),
        UnitRow("psi", "psi", "8896443230521/1290320000", aliases=("pounds_per_square_inch",)),
    ),
    "energy": (
        UnitRow("joule", "J", "1", aliases=("joules",)),
        UnitRow("kilojoule", "kJ", "1000", aliases=("kilojoules",)),
        UnitRow("calorie", "cal", "523/125", aliases=("calories",)),
        UnitRow("kilocalorie", "kcal", "4184", aliases=("kilocalories",)),
        UnitRow("watt_hour", "Wh", "3600", aliases=("watt_hours",)),
        UnitRow("kilowatt_hour", "kWh", "3600000", aliases=("kilowatt_hours",)),
    ),
    "power": (
        UnitRow("watt", "W", "1", aliases=("watts",)),
        UnitRow("kilowatt", "kW", "1000", aliases=("kilowatts",)),
        UnitRow("megawatt", "MW", "1000000", aliases=("megawatts",)),
        UnitRow("metric_horsepower", "PS", "588399/800"),
    ),
    "force": (
        UnitRow("newton", "N", "1", aliases=("newtons",)),
        UnitRow("kilonewton", "kN", "1000", aliases=("kilonewtons",)),
        UnitRow("pound_force", "lbf", "8896443230521/2000000000000", aliases=("pounds_force",)),
        UnitRow("kilogram_force", "kgf", "980665/100000", aliases=("kilograms_force",)),
    ),
    "frequency": (
        UnitRow("hertz", "Hz", "1"),
        UnitRow("kilohertz", "kHz", "1000"),
        UnitRow("megahertz", "MHz", "1000000"),
        UnitRow("gigahertz", "GHz", "1000000000"),
        UnitRow("revolution_per_minute", "rpm", "1/60", aliases=("revolutions_per_minute",)),
    ),
    "angle": (
        UnitRow("degree", "°", "1", aliases=("degrees", "deg")),
        UnitRow("arcminute", "arcmin", "1/60", aliases=("arcminutes",)),
        UnitRow("arcsecond", "arcsec", "1/3600", aliases=("arcseconds",)),
        UnitRow("gradian", "gon", "9/10", aliases=("gradians",)),
        UnitRow("turn", "turn", "360", aliases=("turns",)),
    ),
}
_TRIGGERS = {
    "temperature": ("temperature", "temperatures"),
    "length": ("length", "lengths", "distance", "distances"),
    "mass": ("mass", "masses", "weight", "weights"),
    "volume": ("volume", "volumes"),
    "time": ("time", "times", "duration", "durations"),
    "speed": ("speed", "speeds", "velocity"),
    "area": ("area", "areas"),
    "data_size": ("storage", "filesize", "filesizes"),
    "pressure": ("pressure", "pressures"),
    "energy": ("energy", "energies"),
    "power": ("power", "powers"),
    "force": ("force", "forces"),
    "frequency": ("frequency", "frequencies"),
    "angle": ("angle", "angles"),
}
DEFAULT = ("temperature", "length", "mass", "volume", "time", "speed")
CUES = frozenset({"convert", "converts", "converting", "conversion", "conversions", "converter", "converters"})
UNIT_WORDS = frozenset({"unit", "units", "measurement", "measurements", "quantity", "quantities"})
# Unit names that are ordinary words: they count only beside a word such as "convert", never alone.
API = frozenset({"convert", "parse", "format", "to", "find_unit", "quantity", "unit", "units", "converter"})
UNSERVED = {
    "currency": "currency conversion (rates change)",
    "currencies": "currency conversion (rates change)",
    "exchange": "currency conversion (rates change)",
    "dollars": "currency conversion (rates change)",
    "euros": "currency conversion (rates change)",
    "timezone": "time zones",
    "timezones": "time zones",
    "zone": "time zones",
    "zones": "time zones",
    "radian": "radians (no exact factor)",
    "radians": "radians (no exact factor)",
    "fuel": "fuel economy (a reciprocal, not a factor)",
    "roman": "Roman numerals",
    "decibel": "decibels (logarithmic)",
    "decibels": "decibels (logarithmic)",
    "viscosity": "viscosity",
    "torque": "torque",
    "electricity": "electrical units",
    "voltage": "electrical units",
    "radiation": "radiation units",
}


def unit_words() -> dict[str, str]:
    """Word of a request -> family."""
    table = {word: family for family, words in _TRIGGERS.items() for word in words}
    for family, rows in FAMILIES.items():
        for row in rows:
            for name in (row.name, *row.aliases):
                if re.fullmatch(r"[a-z_]{3,}", name):
                    table.setdefault(name, family)
                    table.setdefault(f"{name}s", family)
    return table


def families_named(words: tuple[str, ...]) -> tuple[str, ...]:
    """Families in the catalogue's order; `data sizes` counts as one name."""
    table = unit_words()
    found = {table[w] for w in words if w in table}
    pairs = set(pairwise(words))
    if pairs & {(a, b) for a in ("data", "file") for b in ("size", "sizes")}:
        found.add("data_size")
    return tuple(f for f in FAMILIES if f in found)


def find_unit(name: str) -> tuple[str, UnitRow] | None:
    plain = name.lower()
    for family, rows in FAMILIES.items():
        for row in rows:
            if plain in (row.name, f"{row.name}s", *row.aliases):
                return family, row
    return None


def split_function(name: str) -> tuple[UnitRow, UnitRow, str] | None:
    """`celsius_to_fahrenheit` -> source, target and family; None if it is no conversion within one family."""
    source, marker, target = name.lower().replace("-", "_").partition("_to_")
    first, second = find_unit(source), find_unit(target)
    if not marker or first is None or second is None or first[0] != second[0]:
        return None
    return first[1], second[1], first[0]


def converted(value: Fraction, source: UnitRow, target: UnitRow) -> Fraction:
    base = value * Fraction(source.factor) + Fraction(source.offset)
    return (base - Fraction(target.offset)) / Fraction(target.factor)


def short(value: Fraction, places: int = 6) -> str:
    """At most `places` digits after the point, half to even, no trailing zeros."""
    scaled = round(value * 10**places)
    sign = "-" if scaled < 0 else ""
    whole, rest = divmod(abs(scaled), 10**places)
    digits = f"{rest:0{places}d}".rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
