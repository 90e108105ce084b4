"""Slugs for URLs."""

import re
import unicodedata


def slugify(text: str) -> str:
    """Return the text as lower-case ASCII words joined by single hyphens.

    Accents are dropped ("Café" gives "cafe"); other characters separate words.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))
