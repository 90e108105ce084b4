/** @type {ReadonlyArray<readonly [number, string]>} */
const SYMBOLS = [
  [1000, "M"],
  [900, "CM"],
  [500, "D"],
  [400, "CD"],
  [100, "C"],
  [90, "XC"],
  [50, "L"],
  [40, "XL"],
  [10, "X"],
  [9, "IX"],
  [5, "V"],
  [4, "IV"],
  [1, "I"],
];

/**
 * The Roman numeral of a number from 1 to 3999.
 *
 * @param {number} number
 * @returns {string}
 * @throws {RangeError} outside that range
 */
export function toRoman(number) {
  if (!Number.isInteger(number) || number < 1 || number > 3999) {
    throw new RangeError("number must be an integer from 1 to 3999");
  }
  let [numeral, rest] = ["", number];
  for (const [value, symbol] of SYMBOLS) {
    for (; rest >= value; rest -= value) {
      numeral += symbol;
    }
  }
  return numeral;
}

/**
 * The number of a Roman numeral in its usual (shortest) form; lower case is accepted.
 *
 * @param {string} numeral
 * @returns {number}
 * @throws {SyntaxError} for anything else, such as "IIII" or "IC"
 */
export function fromRoman(numeral) {
  const text = numeral.toUpperCase();
  let [number, position] = [0, 0];
  for (const [value, symbol] of SYMBOLS) {
    for (; text.startsWith(symbol, position); position += symbol.length) {
      number += value;
    }
  }
  if (number < 1 || number > 3999 || toRoman(number) !== text) {
    throw new SyntaxError(`${JSON.stringify(numeral)} is not a Roman numeral`);
  }
  return number;
}
