/**
 * n! = 1 * 2 * ... * n as a BigInt, and 1n for n = 0.
 *
 * @param {number} n a non-negative integer
 * @returns {bigint}
 * @throws {RangeError} when n is not a non-negative integer
 */
export function factorial(n) {
  if (!Number.isInteger(n) || n < 0) {
    throw new RangeError("n must be a non-negative integer");
  }
  let product = 1n;
  for (let factor = 2; factor <= n; factor += 1) {
    product *= BigInt(factor);
  }
  return product;
}
