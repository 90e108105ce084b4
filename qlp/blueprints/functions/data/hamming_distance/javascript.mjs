/**
 * The number of places at which two texts of equal length differ (in code points).
 *
 * @param {string} first
 * @param {string} second
 * @returns {number}
 * @throws {RangeError} when the lengths differ
 */
export function hammingDistance(first, second) {
  const [a, b] = [[...first], [...second]];
  if (a.length !== b.length) {
    throw new RangeError("texts must have equal length");
  }
  return a.filter((character, i) => character !== b[i]).length;
}
