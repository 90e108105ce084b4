/**
 * The Collatz sequence from `start` to 1: halve even numbers, map odd n to 3n + 1.
 *
 * @param {number} start a positive safe integer
 * @returns {number[]}
 * @throws {RangeError} when start is not a positive safe integer
 */
export function collatz(start) {
  if (!Number.isSafeInteger(start) || start < 1) {
    throw new RangeError("start must be a positive safe integer");
  }
  const sequence = [start];
  for (let n = start; n !== 1; ) {
    n = n % 2 === 0 ? n / 2 : 3 * n + 1;
    sequence.push(n);
  }
  return sequence;
}
