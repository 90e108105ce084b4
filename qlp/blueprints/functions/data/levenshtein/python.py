"""Levenshtein edit distance."""


def levenshtein(first: str, second: str) -> int:
    """Return the smallest number of insertions, deletions and substitutions from one to the other.

    Wagner-Fischer, O(len(first) * len(second)) time and one row of memory.
    """
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(second, start=1):
            substitution = diagonal + (a != b)
            diagonal = row[j]
            row[j] = min(substitution, row[j] + 1, row[j - 1] + 1)
    return row[-1]
