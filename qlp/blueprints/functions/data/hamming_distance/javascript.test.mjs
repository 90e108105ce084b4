import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { hammingDistance } from "./javascript.mjs";

const letters = fc.array(fc.constantFrom(..."ab"), { maxLength: 20 });

test("known values", () => {
  assert.equal(hammingDistance("karolin", "kathrin"), 3);
  assert.equal(hammingDistance("", ""), 0);
});

test("counts the changed places", () => {
  fc.assert(
    fc.property(letters, fc.uniqueArray(fc.nat(19)), (text, places) => {
      const changed = text.map((c, i) => (places.includes(i) ? c.toUpperCase() : c));
      const expected = places.filter((i) => i < text.length).length;
      assert.equal(hammingDistance(text.join(""), changed.join("")), expected);
    }),
  );
});

test("lengths must be equal", () => {
  assert.throws(() => hammingDistance("a", "ab"), RangeError);
  assert.throws(() => hammingDistance("ab", "a"), RangeError);
});
