/**
 * Says whether the digits carry a valid Luhn check digit (ISO/IEC 7812-1).
 *
 * Spaces and hyphens are ignored; any other character, or fewer than two digits, gives false.
 *
 * @param {string} number
 * @returns {boolean}
 */
export function luhn(number) {
  const digits = number.replace(/[ -]/g, "");
  if (!/^[0-9]{2,}$/.test(digits)) {
    return false;
  }
  let total = 0;
  for (let position = 0; position < digits.length; position += 1) {
    let value = Number(digits[digits.length - 1 - position]);
    if (position % 2 === 1) {
      value *= 2;
      if (value > 9) {
        value -= 9;
      }
    }
    total += value;
  }
  return total % 10 === 0;
}
