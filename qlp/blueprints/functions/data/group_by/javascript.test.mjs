import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { groupBy } from "./javascript.mjs";

test("known values", () => {
  const groups = groupBy(["ant", "bee", "lion"], (word) => word.length);
  assert.deepEqual(
    [...groups],
    [
      [3, ["ant", "bee"]],
      [4, ["lion"]],
    ],
  );
});

test("each group is what a filter would give", () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 5 }), (items, modulus) => {
      const key = (item) => item % modulus;
      const groups = groupBy(items, key);
      assert.deepEqual([...groups.keys()], [...new Set(items.map(key))]);
      for (const [name, group] of groups) {
        assert.deepEqual(
          group,
          items.filter((item) => key(item) === name),
        );
      }
    }),
  );
});
