/**
 * The middle of the sorted numbers, or the mean of the two middle ones.
 *
 * @param {readonly number[]} numbers
 * @returns {number}
 * @throws {RangeError} when there are no numbers
 */
export function median(numbers) {
  if (numbers.length === 0) {
    throw new RangeError("median of no numbers");
  }
  const ordered = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(ordered.length / 2);
  if (ordered.length % 2 === 1) {
    return ordered[middle];
  }
  return (ordered[middle - 1] + ordered[middle]) / 2;
}
