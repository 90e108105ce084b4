const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** @param {number} base */
function check(base) {
  if (!Number.isInteger(base) || base < 2 || base > DIGITS.length) {
    throw new RangeError("base must be an integer from 2 to 36");
  }
}

/**
 * The number in the given base, with digits 0-9 and a-z and a leading minus sign.
 *
 * @param {bigint} number
 * @param {number} base from 2 to 36
 * @returns {string}
 * @throws {RangeError} when the base is not from 2 to 36
 */
export function toBase(number, base) {
  check(base);
  let rest = number < 0n ? -number : number;
  let digits = "";
  while (rest > 0n) {
    digits = DIGITS[Number(rest % BigInt(base))] + digits;
    rest /= BigInt(base);
  }
  return (number < 0n ? "-" : "") + (digits || "0");
}

/**
 * The number that toBase wrote; capital letters are accepted too.
 *
 * @param {string} text
 * @param {number} base from 2 to 36
 * @returns {bigint}
 * @throws {RangeError} when the base is not from 2 to 36
 * @throws {SyntaxError} when the text is not a number in this base
 */
export function fromBase(text, base) {
  check(base);
  const digits = text.replace(/^-/, "").toLowerCase();
  if (digits === "") {
    throw new SyntaxError("no digits");
  }
  let number = 0n;
  for (const character of digits) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0 || digit >= base) {
      throw new SyntaxError(`${character} is no digit in base ${base}`);
    }
    number = number * BigInt(base) + BigInt(digit);
  }
  return text.startsWith("-") ? -number : number;
}
