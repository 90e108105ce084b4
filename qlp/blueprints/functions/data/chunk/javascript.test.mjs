import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { chunk } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(chunk([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert.deepEqual(chunk([], 3), []);
});

test("chunks are full and join to the list", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 10 }), (items, size) => {
      const chunks = chunk(items, size);
      assert.deepEqual(chunks.flat(), items);
      assert.ok(chunks.slice(0, -1).every((part) => part.length === size));
      assert.ok(chunks.slice(-1).every((part) => part.length >= 1 && part.length <= size));
    }),
  );
});

test("empty chunks are refused", () => {
  for (const bad of [0, -1, 1.5]) {
    assert.throws(() => chunk([1], bad), RangeError);
  }
});
