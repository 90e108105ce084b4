/**
 * The n-th Fibonacci number as a BigInt, with F(0) = 0n and F(1) = 1n.
 *
 * @param {number} n a non-negative integer
 * @returns {bigint}
 * @throws {RangeError} when n is not a non-negative integer
 */
export function fibonacci(n) {
  if (!Number.isInteger(n) || n < 0) {
    throw new RangeError("n must be a non-negative integer");
  }
  let [current, following] = [0n, 1n];
  for (let i = 0; i < n; i += 1) {
    [current, following] = [following, current + following];
  }
  return current;
}

/**
 * The first `count` Fibonacci numbers.
 *
 * @param {number} count a non-negative integer
 * @returns {bigint[]}
 * @throws {RangeError} when count is not a non-negative integer
 */
export function fibonacciSequence(count) {
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError("count must be a non-negative integer");
  }
  const numbers = [];
  let [current, following] = [0n, 1n];
  while (numbers.length < count) {
    numbers.push(current);
    [current, following] = [following, current + following];
  }
  return numbers;
}
