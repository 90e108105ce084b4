/**
 * Says whether n is a prime number; numbers below 2 and fractions are not.
 *
 * @param {number} n
 * @returns {boolean}
 */
export function isPrime(n) {
  if (!Number.isSafeInteger(n) || n < 2) {
    return false;
  }
  if (n % 2 === 0) {
    return n === 2;
  }
  for (let divisor = 3; divisor * divisor <= n; divisor += 2) {
    if (n % divisor === 0) {
      return false;
    }
  }
  return true;
}
