import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { countWords, wordCount } from "./javascript.mjs";

const word = fc
  .array(fc.constantFrom(..."abc"), { minLength: 1, maxLength: 3 })
  .map((letters) => letters.join(""));

test("known values", () => {
  assert.deepEqual([...wordCount("")], []);
  assert.deepEqual(
    [...wordCount("The cat - the CAT's cat_2!")],
    [
      ["the", 2],
      ["cat", 2],
      ["cat's", 1],
      ["2", 1],
    ],
  );
});

test("counts what was put in", () => {
  const gaps = fc.constantFrom(" ", ", ", "\n", "--");
  fc.assert(
    fc.property(fc.array(word), gaps, (words, gap) => {
      const counts = wordCount(words.join(gap).toUpperCase());
      assert.equal(countWords(words.join(gap)), words.length);
      assert.deepEqual(new Set(counts.keys()), new Set(words));
      for (const [w, count] of counts) {
        assert.equal(count, words.filter((other) => other === w).length);
      }
    }),
  );
});
