import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { caesarDecode, caesarEncode } from "./javascript.mjs";

const shifts = fc.integer({ min: -100, max: 100 });
const lower = "abcdefghijklmnopqrstuvwxyz";

test("known values", () => {
  assert.equal(caesarEncode("Hello, Zoe!", 3), "Khoor, Crh!");
  assert.equal(caesarEncode("abc", -1), "zab");
  assert.equal(caesarEncode("[é]", 5), "[é]");
});

test("decoding undoes encoding", () => {
  fc.assert(
    fc.property(fc.string(), shifts, (text, shift) => {
      assert.equal(caesarDecode(caesarEncode(text, shift), shift), text);
    }),
  );
});

test("each letter moves by the shift", () => {
  fc.assert(
    fc.property(fc.constantFrom(...lower), shifts, (letter, shift) => {
      const wheel = lower.repeat(9);
      const expected = wheel[wheel.length - 26 * 5 + lower.indexOf(letter) + shift];
      assert.equal(caesarEncode(letter, shift), expected);
      assert.equal(caesarEncode(letter.toUpperCase(), shift), expected.toUpperCase());
    }),
  );
});
