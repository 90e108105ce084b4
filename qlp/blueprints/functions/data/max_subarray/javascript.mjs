/**
 * The largest sum of one or more neighbouring numbers, by Kadane's algorithm in O(n).
 *
 * @param {readonly number[]} numbers
 * @returns {number}
 * @throws {RangeError} when there are no numbers
 */
export function maxSubarray(numbers) {
  if (numbers.length === 0) {
    throw new RangeError("no numbers");
  }
  let best = -Infinity;
  let endingHere = -Infinity;
  for (const number of numbers) {
    endingHere = Math.max(number, endingHere + number);
    best = Math.max(best, endingHere);
  }
  return best;
}
