import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { longestCommonSubsequence } from "./javascript.mjs";

const word = fc.array(fc.constantFrom(..."abc"), { maxLength: 7 }).map((c) => c.join(""));

function subsequences(text) {
  return [...text].reduce((all, c) => [...all, ...all.map((s) => s + c)], [""]);
}

test("known values", () => {
  assert.equal(longestCommonSubsequence("AGGTAB", "GXTXAYB"), "GTAB");
  assert.equal(longestCommonSubsequence("abc", "xyz"), "");
});

test("is a longest of all common subsequences", () => {
  fc.assert(
    fc.property(word, word, (first, second) => {
      const others = new Set(subsequences(second));
      const common = subsequences(first).filter((s) => others.has(s));
      const result = longestCommonSubsequence(first, second);
      assert.ok(common.includes(result));
      assert.equal(result.length, Math.max(...common.map((s) => s.length)));
    }),
  );
});
