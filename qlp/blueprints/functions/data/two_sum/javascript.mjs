/**
 * Places [i, j], i < j, with numbers[i] + numbers[j] === target, or null.
 *
 * The pair with the smallest j is returned, and for it the smallest i. O(n).
 *
 * @param {readonly number[]} numbers
 * @param {number} target
 * @returns {[number, number] | null}
 */
export function twoSum(numbers, target) {
  /** @type {Map<number, number>} */
  const places = new Map();
  for (const [j, number] of numbers.entries()) {
    const i = places.get(target - number);
    if (i !== undefined) {
      return [i, j];
    }
    if (!places.has(number)) {
      places.set(number, j);
    }
  }
  return null;
}
