"""Validators: which ones a request names, and examples that each must accept or refuse."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ValidatorRow:
    """`valid` maps a text to its canonical form; `checked` says that a changed digit is always noticed."""

    name: str
    title: str
    words: tuple[str, ...]
    valid: tuple[tuple[str, str], ...]
    invalid: tuple[str, ...]
    checked: bool = False


VALIDATORS: tuple[ValidatorRow, ...] = (
    ValidatorRow(
        "email",
        "e-mail address",
        ("email", "emails", "e-mail", "mail"),
        (("ada@example.org", "ada@example.org"), ("Ada.L+x@EXAMPLE.org", "Ada.L+x@example.org")),
        ("ada", "ada@", "@example.org", "a b@example.org", "ada@example", ".ada@example.org", "a..b@example.org"),
    ),
    ValidatorRow(
        "url",
        "http or https address",
        ("url", "urls", "link", "links"),
        (
            ("https://example.org/a?b=1", "https://example.org/a?b=1"),
            ("HTTP://Example.ORG:80", "http://example.org:80"),
        ),
        ("example.org", "ftp://example.org", "https://", "https://exa mple.org", "http://example.org:99999"),
    ),
    ValidatorRow(
        "hostname",
        "host name",
        ("hostname", "hostnames", "domain", "domains"),
        (("example.org", "example.org"), ("Sub.Example.ORG.", "sub.example.org")),
        ("-a.org", "a-.org", "a..org", "a_b.org", "1.2.3.4"),
    ),
    ValidatorRow(
        "ipv4",
        "IPv4 address",
        ("ipv4", "ip", "ips"),
        (("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255")),
        ("256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", "a.b.c.d"),
    ),
    ValidatorRow(
        "ipv6",
        "IPv6 address",
        ("ipv6", "ip", "ips"),
        (("::1", "::1"), ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1")),
        (":::", "1:2:3", "fe80::1%eth0", "12345::", "g::1"),
    ),
    ValidatorRow(
        "mac",
        "MAC address",
        ("mac", "macs"),
        (("00:1A:2B:3C:4D:5E", "00:1a:2b:3c:4d:5e"), ("00-1a-2b-3c-4d-5e", "00:1a:2b:3c:4d:5e")),
        ("00:1a:2b:3c:4d", "00:1a:2b:3c:4d:5g", "00:1a-2b:3c:4d:5e"),
    ),
    ValidatorRow(
        "uuid",
        "UUID",
        ("uuid", "uuids", "guid", "guids"),
        (("0B6F1C1E-6A3F-4A53-9D5E-0F6B0A3C1D11", "0b6f1c1e-6a3f-4a53-9d5e-0f6b0a3c1d11"),),
        ("0b6f1c1e6a3f4a539d5e0f6b0a3c1d11", "0b6f1c1e-6a3f-4a53-9d5e-0f6b0a3c1d1", "not-a-uuid"),
    ),
    ValidatorRow(
        "iban",
        "IBAN",
        ("iban", "ibans"),
        (
            ("GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432"),
            ("de89370400440532013000", "DE89370400440532013000"),
        ),
        ("GB82WEST12345698765433", "GB82", "XX82WEST12345698765432", "DE8937040044053201300"),
        checked=True,
    ),
    ValidatorRow(
        "credit_card",
        "payment card number (Luhn)",
        ("luhn", "card", "cards", "creditcard"),
        (("4111 1111 1111 1111", "4111111111111111"), ("5500-0000-0000-0004", "5500000000000004")),
        ("4111111111111112", "4111", "4111 1111 1111 111x", "0000000000000000"),
        checked=True,
    ),
    ValidatorRow(
        "isbn",
        "ISBN (10 or 13 digits)",
        ("isbn", "isbns", "isbn10", "isbn13"),
        (("0-306-40615-2", "9780306406157"), ("978-0-306-40615-7", "9780306406157"), ("080442957X", "9780804429573")),
        ("0306406153", "9780306406158", "1230306406157", "X804429570", "97803064"),
        checked=True,
    ),
    ValidatorRow(
        "ean",
        "EAN-13 bar code",
        ("ean", "eans", "ean13", "barcode", "barcodes"),
        (("4006381333931", "4006381333931"),),
        ("4006381333932", "400638133393", "400638133393a"),
        checked=True,
    ),
    ValidatorRow(
        "hex_color",
        "hexadecimal colour",
        ("hex", "color", "colors", "colour", "colours"),
        (("#FFF", "#ffffff"), ("#1e90ff", "#1e90ff"), ("abc", "#aabbcc")),
        ("#ffff", "#ggg", "##fff", "#12345"),
    ),
    ValidatorRow(
        "slug",
        "slug",
        ("slug", "slugs"),
        (("a-plain-slug-2", "a-plain-slug-2"),),
        ("-a", "a-", "a--b", "A-b", "a b", "\u00e4"),
    ),
    ValidatorRow(
        "phone",
        "phone number (E.164)",
        ("phone", "phones", "telephone", "e164"),
        (("+351 21 000 0000", "+351210000000"), ("+1 (202) 555-0123", "+12025550123")),
        ("0202555", "+0123456789", "+1", "+1234567890123456", "+1 202 CALL"),
    ),
    ValidatorRow(
        "semver",
        "semantic version",
        ("semver", "version", "versions"),
        (("1.0.0", "1.0.0"), ("1.2.3-rc.1+build.5", "1.2.3-rc.1+build.5")),
        ("1.0", "01.0.0", "1.0.0-01", "v1.0.0", "1.0.0-"),
    ),
    ValidatorRow(
        "iso_date",
        "ISO 8601 calendar date",
        ("date", "dates", "iso8601"),
        (("2026-02-28", "2026-02-28"), ("2024-02-29", "2024-02-29")),
        ("2026-02-30", "20260228", "28.02.2026", "2026-2-8"),
    ),
)
BY_NAME = {row.name: row for row in VALIDATORS}
CUES = frozenset(
    {"validate", "validates", "validating", "validation", "validations", "validator", "validators", "valid", "checks"}
)
_BOOLEAN = ("is_valid_", "is_", "check_", "valid_")
_CANONICAL = ("validate_", "parse_", "normalize_", "normalise_")
UNSERVED = {
    "passport": "passport numbers",
    "passports": "passport numbers",
    "vat": "VAT numbers",
    "ssn": "social security numbers",
    "postcode": "postal codes",
    "postcodes": "postal codes",
    "postal": "postal codes",
    "zip": "postal codes",
    "password": "passwords",
    "passwords": "passwords",
    "xml": "XML",
    "yaml": "YAML",
    "schema": "schemas",
    "schemas": "schemas",
    "html": "HTML",
    "regex": "regular expressions",
    "vin": "vehicle numbers",
    "swift": "BIC",
    "bic": "BIC",
    "dns": "look-ups over the network",
    "mx": "look-ups over the network",
    "smtp": "look-ups over the network",
    "deliverability": "look-ups over the network",
}


def validator_words() -> dict[str, tuple[str, ...]]:
    """Word of a request -> validators; `ip` names both kinds."""
    table: dict[str, tuple[str, ...]] = {}
    for row in VALIDATORS:
        for word in row.words:
            table[word] = (*table.get(word, ()), row.name)
    return table


def validators_named(words: tuple[str, ...]) -> tuple[ValidatorRow, ...]:
    table = validator_words()
    found = {name for word in words for name in table.get(word, ())}
    return tuple(row for row in VALIDATORS if row.name in found)


def split_function(name: str) -> tuple[ValidatorRow, str] | None:
    """`is_valid_email` -> (email, `is_email`): the validator and the standard name of what it does."""
    plain = name.lower().replace("-", "_").removesuffix("_address").removesuffix("_number")
    table = validator_words()
    for prefixes, standard in ((_BOOLEAN, "is_"), (_CANONICAL, "validate_"), (("",), "is_")):
        for prefix in prefixes:
            if plain.startswith(prefix):
                rest = plain.removeprefix(prefix)
                row = BY_NAME.get(rest) or (BY_NAME[table[rest][0]] if len(table.get(rest, ())) == 1 else None)
                if row is not None:
                    return row, f"{standard}{row.name}"
    return None
