import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { median } from "./javascript.mjs";

const numbers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 30 });

test("known values", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([10, 9, 2]), 9);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.throws(() => median([]), RangeError);
});

test("half of the numbers lie on either side", () => {
  fc.assert(
    fc.property(numbers, (list) => {
      const before = [...list];
      const middle = median(list);
      assert.ok(2 * list.filter((n) => n <= middle).length >= list.length);
      assert.ok(2 * list.filter((n) => n >= middle).length >= list.length);
      assert.deepEqual(list, before);
    }),
  );
});

test("mirrors with its numbers", () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: -9, max: 9 }), (list, shift) => {
      assert.equal(median(list.map((n) => shift - n)), shift - median(list));
    }),
  );
});
