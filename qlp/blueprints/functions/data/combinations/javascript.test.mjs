import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { combinations } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(combinations(["a", "b", "c"], 2), [
    ["a", "b"],
    ["a", "c"],
    ["b", "c"],
  ]);
  assert.deepEqual(combinations([1, 2], 0), [[]]);
  assert.deepEqual(combinations([1, 2], 3), []);
});

test("exactly the subsets of the size", () => {
  fc.assert(
    fc.property(fc.nat(7), fc.nat(8), (n, size) => {
      const items = Array.from({ length: n }, (_, i) => i);
      const chosen = combinations(items, size).map((c) => c.reduce((bits, i) => bits | (1 << i), 0));
      const expected = [];
      for (let bits = 0; bits < 1 << n; bits += 1) {
        if (items.filter((i) => (bits >> i) & 1).length === size) expected.push(bits);
      }
      assert.deepEqual(
        chosen.sort((a, b) => a - b),
        expected,
      );
    }),
  );
});

test("other sizes are refused", () => {
  assert.throws(() => combinations([1], -1), RangeError);
  assert.throws(() => combinations([1], 0.5), RangeError);
});
