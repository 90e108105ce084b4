/** Whole cents. */
export type Cents = number;

/** '12.345' -> 1235. Throws RangeError for what is no amount. */
export function toCents(text: string): Cents {
  const found = /^\s*(-?)(\d+)(?:\.(\d+))?\s*$/.exec(text);
  if (!found) throw new RangeError(`not an amount: ${text}`);
  const [, sign, whole, fraction = ''] = found;
  const digits = fraction.padEnd(3, '0');
  const cents = Number(whole) * 100 + Number(digits.slice(0, 2)) + (digits.charAt(2) >= '5' ? 1 : 0);
  return sign === '-' ? -cents : cents;
}

/** Parts that differ by one cent at most and add up to the whole; the larger ones come first. */
export function splitEvenly(cents: Cents, parts: number): Cents[] {
  if (parts < 1) throw new RangeError('there must be at least one part');
  const share = Math.floor(cents / parts);
  const rest = cents % parts;
  return Array.from({ length: parts }, (_, index) => (index < rest ? share + 1 : share));
}
