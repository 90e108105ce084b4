"""Pascal's triangle."""


def pascal_triangle(rows: int) -> list[list[int]]:
    """Return the first `rows` rows: [[1], [1, 1], [1, 2, 1], ...].

    Raises ValueError when rows is negative.
    """
    if rows < 0:
        raise ValueError("rows must not be negative")
    triangle: list[list[int]] = []
    for size in range(rows):
        row = [1] * (size + 1)
        for k in range(1, size):
            row[k] = triangle[-1][k - 1] + triangle[-1][k]
        triangle.append(row)
    return triangle
