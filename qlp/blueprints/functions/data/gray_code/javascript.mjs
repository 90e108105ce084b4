/**
 * The binary-reflected Gray code of a number; neighbours differ in one bit.
 *
 * @param {number} number an integer from 0 to 2**31 - 1
 * @returns {number}
 * @throws {RangeError} outside that range
 */
export function toGray(number) {
  check(number);
  return number ^ (number >> 1);
}

/**
 * The number whose Gray code is given.
 *
 * @param {number} code an integer from 0 to 2**31 - 1
 * @returns {number}
 * @throws {RangeError} outside that range
 */
export function fromGray(code) {
  check(code);
  let number = 0;
  for (let rest = code; rest !== 0; rest >>= 1) {
    number ^= rest;
  }
  return number;
}

/** @param {number} value */
function check(value) {
  if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) {
    throw new RangeError("expected an integer from 0 to 2**31 - 1");
  }
}
