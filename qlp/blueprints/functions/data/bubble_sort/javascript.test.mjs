import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { bubbleSort } from "./javascript.mjs";

const numbers = fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 25 });

test("agrees with the built-in sort and leaves its input", () => {
  fc.assert(
    fc.property(numbers, (items) => {
      const before = [...items];
      assert.deepEqual(
        bubbleSort(items),
        [...items].sort((a, b) => a - b),
      );
      assert.deepEqual(items, before);
    }),
  );
});

test("is stable with a comparison", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3)), (keys) => {
      const items = keys.map((key, i) => ({ key, i }));
      const compare = (a, b) => b.key - a.key;
      assert.deepEqual(bubbleSort(items, compare), [...items].sort(compare));
    }),
  );
});
