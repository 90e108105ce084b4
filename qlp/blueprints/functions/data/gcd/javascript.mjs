/**
 * Greatest common divisor by Euclid's algorithm; never negative, and gcd(0, 0) is 0.
 *
 * @param {number} a a safe integer
 * @param {number} b a safe integer
 * @returns {number}
 * @throws {RangeError} when an argument is not a safe integer
 */
export function gcd(a, b) {
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) {
    throw new RangeError("both arguments must be safe integers");
  }
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y !== 0) {
    [x, y] = [y, x % y];
  }
  return x;
}
