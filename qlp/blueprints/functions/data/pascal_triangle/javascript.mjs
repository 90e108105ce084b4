/**
 * The first `rows` rows of Pascal's triangle: [[1], [1, 1], [1, 2, 1], ...].
 *
 * @param {number} rows a non-negative integer
 * @returns {number[][]}
 * @throws {RangeError} when rows is not a non-negative integer
 */
export function pascalTriangle(rows) {
  if (!Number.isInteger(rows) || rows < 0) {
    throw new RangeError("rows must be a non-negative integer");
  }
  /** @type {number[][]} */
  const triangle = [];
  while (triangle.length < rows) {
    const above = triangle[triangle.length - 1] ?? [];
    const row = [1];
    above.forEach((value, k) => row.push(value + (above[k + 1] ?? 0)));
    triangle.push(row);
  }
  return triangle;
}
