"""Longest common subsequence by dynamic programming."""


def longest_common_subsequence(first: str, second: str) -> str:
    """Return one longest text whose characters appear in both texts in the same order."""
    rows, columns = len(first), len(second)
    # length[i][j]: answer for the ends first[i:] and second[j:]
    length = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            if first[i] == second[j]:
                length[i][j] = length[i + 1][j + 1] + 1
            else:
                length[i][j] = max(length[i + 1][j], length[i][j + 1])
    common: list[str] = []
    i = j = 0
    while i < rows and j < columns:
        if first[i] == second[j]:
            common.append(first[i])
            i, j = i + 1, j + 1
        elif length[i + 1][j] >= length[i][j + 1]:
            i += 1
        else:
            j += 1
    return "".join(common)
