/**
 * Prime factors of n in ascending order, repeated by multiplicity; [] for 1.
 *
 * @param {number} n a positive safe integer
 * @returns {number[]}
 * @throws {RangeError} when n is not a positive safe integer
 */
export function primeFactors(n) {
  if (!Number.isSafeInteger(n) || n < 1) {
    throw new RangeError("n must be a positive safe integer");
  }
  const factors = [];
  let rest = n;
  for (let divisor = 2; divisor * divisor <= rest; divisor += 1) {
    while (rest % divisor === 0) {
      factors.push(divisor);
      rest /= divisor;
    }
  }
  if (rest > 1) {
    factors.push(rest);
  }
  return factors;
}
