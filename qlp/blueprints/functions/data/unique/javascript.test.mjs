import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { unique } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(unique([3, 1, 3, 2, 1]), [3, 1, 2]);
  assert.deepEqual(unique("banana"), ["b", "a", "n"]);
});

test("first appearances only", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), (items) => {
      assert.deepEqual(
        unique(items),
        items.filter((item, i) => items.indexOf(item) === i),
      );
    }),
  );
});
