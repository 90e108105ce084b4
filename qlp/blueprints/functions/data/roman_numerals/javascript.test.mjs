import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { fromRoman, toRoman } from "./javascript.mjs";

const numbers = fc.integer({ min: 1, max: 3999 });
const values = { I: 1, V: 5, X: 10, L: 50, C: 100, D: 500, M: 1000 };

test("known values", () => {
  assert.deepEqual([4, 9, 14, 1994, 3999].map(toRoman), ["IV", "IX", "XIV", "MCMXCIV", "MMMCMXCIX"]);
  assert.equal(fromRoman("mcmxciv"), 1994);
});

test("value by the subtraction rule", () => {
  fc.assert(
    fc.property(numbers, (number) => {
      const digits = [...toRoman(number)].map((symbol) => values[symbol]);
      const sum = digits.reduce((total, a, i) => total + (a < (digits[i + 1] ?? 0) ? -a : a), 0);
      assert.equal(sum, number);
    }),
  );
});

test("reading undoes writing", () => {
  fc.assert(fc.property(numbers, (number) => fromRoman(toRoman(number)) === number));
});

test("other input is refused", () => {
  for (const text of ["", "IIII", "VV", "IC", "MMMM", "XIX ", "ABC", "IVI"]) {
    assert.throws(() => fromRoman(text), SyntaxError, text);
  }
  for (const number of [-1, 0, 4000, 1.5]) {
    assert.throws(() => toRoman(number), RangeError);
  }
});
