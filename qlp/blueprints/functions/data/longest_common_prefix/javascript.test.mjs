import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { longestCommonPrefix } from "./javascript.mjs";

const word = fc.array(fc.constantFrom(..."ab"), { maxLength: 5 }).map((c) => c.join(""));

test("known values", () => {
  assert.equal(longestCommonPrefix([]), "");
  assert.equal(longestCommonPrefix(["flower", "flow", "flight"]), "fl");
  assert.equal(longestCommonPrefix(["dog", "car"]), "");
});

test("is a prefix of all and cannot grow", () => {
  fc.assert(
    fc.property(word, fc.array(word, { minLength: 1, maxLength: 5 }), (start, ends) => {
      const texts = ends.map((end) => start + end);
      const prefix = longestCommonPrefix(texts);
      assert.ok(prefix.startsWith(start));
      assert.ok(texts.every((text) => text.startsWith(prefix)));
      const longer = texts[0].slice(0, prefix.length + 1);
      assert.ok(longer === prefix || !texts.every((text) => text.startsWith(longer)));
    }),
  );
});
