import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { reverseWords } from "./javascript.mjs";

const word = fc
  .array(fc.constantFrom(..."abc"), { minLength: 1, maxLength: 4 })
  .map((letters) => letters.join(""));

test("known values", () => {
  assert.equal(reverseWords(""), "");
  assert.equal(reverseWords("  the quick\tbrown\n fox "), "fox brown quick the");
});

test("each word moves to the mirrored place", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
      const result = reverseWords(words.join("  ")).split(" ");
      assert.equal(result.length, words.length);
      words.forEach((w, i) => assert.equal(result[words.length - 1 - i], w));
    }),
  );
});
