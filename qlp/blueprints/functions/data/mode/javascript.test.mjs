import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { mode } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(mode([]), []);
  assert.deepEqual(mode([1, 2, 2, 3]), [2]);
  assert.deepEqual(mode("banana"), ["a"]);
  assert.deepEqual(mode([3, 1, 3, 1, 2]), [3, 1]);
});

test("exactly the values that nothing beats", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { maxLength: 25 }), (values) => {
      const count = (x) => values.filter((value) => value === x).length;
      const expected = values.filter((x) => values.every((y) => count(y) <= count(x)));
      assert.deepEqual(mode(values), [...new Set(expected)]);
    }),
  );
});
