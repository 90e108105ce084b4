/**
 * All primes <= limit in ascending order, by the sieve of Eratosthenes.
 *
 * @param {number} limit an integer; below 2 there are no primes
 * @returns {number[]}
 * @throws {RangeError} when limit is not an integer
 */
export function primesUpTo(limit) {
  if (!Number.isInteger(limit)) {
    throw new RangeError("limit must be an integer");
  }
  const composite = new Uint8Array(Math.max(limit + 1, 0));
  const primes = [];
  for (let number = 2; number <= limit; number += 1) {
    if (composite[number] === 1) {
      continue;
    }
    primes.push(number);
    for (let multiple = number * number; multiple <= limit; multiple += number) {
      composite[multiple] = 1;
    }
  }
  return primes;
}
