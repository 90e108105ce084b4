import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { fromGray, toGray } from "./javascript.mjs";

const numbers = fc.integer({ min: 0, max: 2 ** 31 - 2 });

test("known values", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 7].map(toGray), [0, 1, 3, 2, 6, 7, 5, 4]);
});

test("neighbours differ in one bit", () => {
  fc.assert(
    fc.property(numbers, (number) => {
      const difference = toGray(number) ^ toGray(number + 1);
      assert.ok(difference !== 0 && (difference & (difference - 1)) === 0);
    }),
  );
});

test("both ways", () => {
  fc.assert(
    fc.property(numbers, (number) => {
      assert.equal(fromGray(toGray(number)), number);
      assert.equal(toGray(fromGray(number)), number);
    }),
  );
});

test("numbers outside the range are refused", () => {
  for (const bad of [-1, 2 ** 31, 0.5]) {
    assert.throws(() => toGray(bad), RangeError);
    assert.throws(() => fromGray(bad), RangeError);
  }
  assert.equal(fromGray(toGray(2 ** 31 - 1)), 2 ** 31 - 1);
});
