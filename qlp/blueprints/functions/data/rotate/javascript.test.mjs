import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { rotate } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(rotate([1, 2, 3, 4, 5], 2), [4, 5, 1, 2, 3]);
  assert.deepEqual(rotate([1, 2, 3], -1), [2, 3, 1]);
  assert.deepEqual(rotate([], 3), []);
});

test("agrees with moving one item at a time", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: -60, max: 60 }), (items, places) => {
      const expected = [...items];
      for (let i = 0; i < Math.abs(places) && items.length > 0; i += 1) {
        if (places > 0) expected.unshift(expected.pop());
        else expected.push(expected.shift());
      }
      assert.deepEqual(rotate(items, places), expected);
    }),
  );
});
