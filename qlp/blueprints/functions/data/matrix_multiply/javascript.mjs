/**
 * The product of an (n, k) and a (k, m) matrix; both need at least one row.
 *
 * @param {ReadonlyArray<readonly number[]>} left
 * @param {ReadonlyArray<readonly number[]>} right
 * @returns {number[][]}
 * @throws {RangeError} when the shapes do not fit or a matrix is ragged or empty
 */
export function matrixMultiply(left, right) {
  for (const matrix of [left, right]) {
    if (matrix.length === 0 || matrix.some((row) => row.length !== matrix[0].length)) {
      throw new RangeError("matrices need rows of equal length");
    }
  }
  if (left[0].length !== right.length) {
    throw new RangeError(`shapes do not fit: ${left[0].length} columns, ${right.length} rows`);
  }
  return left.map((row) =>
    right[0].map((_, column) => row.reduce((sum, value, k) => sum + value * right[k][column], 0)),
  );
}
