import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { reverseString } from "./javascript.mjs";

test("known values", () => {
  assert.equal(reverseString(""), "");
  assert.equal(reverseString("abc"), "cba");
  assert.equal(reverseString("a\u{1F600}b"), "b\u{1F600}a");
});

test("each character moves to the mirrored place", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const characters = [...text];
      const mirrored = [...reverseString(text)];
      assert.equal(mirrored.length, characters.length);
      characters.forEach((c, i) => assert.equal(mirrored[mirrored.length - 1 - i], c));
    }),
  );
});

test("reverse of a concatenation", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (first, second) => {
      assert.equal(reverseString(first + second), reverseString(second) + reverseString(first));
    }),
  );
});
