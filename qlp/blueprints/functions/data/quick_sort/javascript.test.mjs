import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { quickSort } from "./javascript.mjs";

const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 60 });

test("agrees with the built-in sort and leaves its input", () => {
  fc.assert(
    fc.property(numbers, (items) => {
      const before = [...items];
      assert.deepEqual(
        quickSort(items),
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
      assert.deepEqual(quickSort(items, compare), [...items].sort(compare));
    }),
  );
});

test("sorted and equal input stays fast", () => {
  for (const items of [Array.from({ length: 20000 }, (_, i) => i), new Array(20000).fill(7)]) {
    let comparisons = 0;
    const sorted = quickSort(items, (a, b) => {
      comparisons += 1;
      return a - b;
    });
    assert.deepEqual(sorted, items);
    assert.ok(comparisons < 1000000);
  }
});
