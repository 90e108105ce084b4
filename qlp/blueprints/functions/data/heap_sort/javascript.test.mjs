import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { heapSort } from "./javascript.mjs";

const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 60 });

test("agrees with the built-in sort and leaves its input", () => {
  fc.assert(
    fc.property(numbers, (items) => {
      const before = [...items];
      assert.deepEqual(
        heapSort(items),
        [...items].sort((a, b) => a - b),
      );
      assert.deepEqual(items, before);
    }),
  );
});

test("follows a comparison", () => {
  fc.assert(
    fc.property(numbers, (items) => {
      const compare = (a, b) => b - a;
      assert.deepEqual(heapSort(items, compare), [...items].sort(compare));
    }),
  );
});
