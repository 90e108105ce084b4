import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { maxSubarray } from "./javascript.mjs";

const numbers = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 15 });

test("known values", () => {
  assert.equal(maxSubarray([-2, 1, -3, 4, -1, 2, 1, -5, 4]), 6);
  assert.equal(maxSubarray([-3, -1, -2]), -1);
  assert.throws(() => maxSubarray([]), RangeError);
});

test("agrees with trying all parts", () => {
  fc.assert(
    fc.property(numbers, (list) => {
      let best = -Infinity;
      for (let i = 0; i < list.length; i += 1) {
        let sum = 0;
        for (let j = i; j < list.length; j += 1) {
          sum += list[j];
          best = Math.max(best, sum);
        }
      }
      assert.equal(maxSubarray(list), best);
    }),
  );
});
