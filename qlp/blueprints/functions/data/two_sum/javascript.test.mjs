import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { twoSum } from "./javascript.mjs";

const numbers = fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 12 });

test("known values", () => {
  assert.deepEqual(twoSum([2, 7, 11, 15], 9), [0, 1]);
  assert.deepEqual(twoSum([3, 3], 6), [0, 1]);
  assert.equal(twoSum([3], 6), null);
});

test("agrees with trying all pairs", () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: -20, max: 20 }), (list, target) => {
      const pairs = list.flatMap((b, j) =>
        list.slice(0, j).flatMap((a, i) => (a + b === target ? [[i, j]] : [])),
      );
      assert.deepEqual(twoSum(list, target), pairs[0] ?? null);
    }),
  );
});
