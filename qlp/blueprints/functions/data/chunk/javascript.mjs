/**
 * Consecutive slices of `size` items; the last one may be shorter.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {number} size a positive integer
 * @returns {T[][]}
 * @throws {RangeError} when size is not a positive integer
 */
export function chunk(items, size) {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError("size must be a positive integer");
  }
  const chunks = [];
  for (let start = 0; start < items.length; start += size) {
    chunks.push(items.slice(start, start + size));
  }
  return chunks;
}
