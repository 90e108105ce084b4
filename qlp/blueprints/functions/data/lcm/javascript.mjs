/**
 * Smallest positive integer that both arguments divide; 0 when either is 0.
 *
 * @param {number} a a safe integer
 * @param {number} b a safe integer
 * @returns {number}
 * @throws {RangeError} when an argument or the result is not a safe integer
 */
export function lcm(a, b) {
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) {
    throw new RangeError("both arguments must be safe integers");
  }
  if (a === 0 || b === 0) {
    return 0;
  }
  let [divisor, rest] = [Math.abs(a), Math.abs(b)];
  while (rest !== 0) {
    [divisor, rest] = [rest, divisor % rest];
  }
  const multiple = (Math.abs(a) / divisor) * Math.abs(b);
  if (!Number.isSafeInteger(multiple)) {
    throw new RangeError("the result is too large for a safe integer");
  }
  return multiple;
}
