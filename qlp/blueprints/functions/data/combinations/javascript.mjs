/**
 * All ways to choose `size` items, keeping their order; in lexicographic order of places.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {number} size a non-negative integer
 * @returns {T[][]}
 * @throws {RangeError} when size is not a non-negative integer
 */
export function combinations(items, size) {
  if (!Number.isInteger(size) || size < 0) {
    throw new RangeError("size must be a non-negative integer");
  }
  if (size === 0) {
    return [[]];
  }
  return items.flatMap((first, place) =>
    combinations(items.slice(place + 1), size - 1).map((rest) => [first, ...rest]),
  );
}
