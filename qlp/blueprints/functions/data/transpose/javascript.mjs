/**
 * The matrix with rows and columns exchanged; [] for a matrix without rows.
 *
 * @template T
 * @param {ReadonlyArray<readonly T[]>} matrix
 * @returns {T[][]}
 * @throws {RangeError} when the rows differ in length
 */
export function transpose(matrix) {
  const width = matrix[0]?.length ?? 0;
  if (matrix.some((row) => row.length !== width)) {
    throw new RangeError("rows must have equal length");
  }
  return Array.from({ length: width }, (_, column) => matrix.map((row) => row[column]));
}
