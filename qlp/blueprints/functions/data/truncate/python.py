"""Truncation of texts."""


def truncate(text: str, length: int, ellipsis: str = "...") -> str:
    """Return `text`, or its start and `ellipsis`, in at most `length` characters.

    Raises ValueError when the ellipsis alone is longer than `length`.
    """
    if length < len(ellipsis):
        raise ValueError("length is too small for the ellipsis")
    if len(text) <= length:
        return text
    return text[: length - len(ellipsis)] + ellipsis
