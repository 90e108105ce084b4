import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { knapsack } from "./javascript.mjs";

const items = fc.array(fc.record({ weight: fc.nat(10), value: fc.nat(20) }), { maxLength: 7 });

function best([first, ...others], capacity) {
  if (first === undefined) return 0;
  const without = best(others, capacity);
  if (first.weight > capacity) return without;
  return Math.max(without, first.value + best(others, capacity - first.weight));
}

test("known values", () => {
  const list = [
    { weight: 1, value: 1 },
    { weight: 3, value: 4 },
    { weight: 4, value: 5 },
    { weight: 5, value: 7 },
  ];
  assert.equal(knapsack(list, 7), 9);
  assert.equal(knapsack([], 5), 0);
});

test("agrees with trying all choices", () => {
  fc.assert(
    fc.property(items, fc.nat(30), (list, capacity) => {
      assert.equal(knapsack(list, capacity), best(list, capacity));
    }),
  );
});

test("negative numbers are refused", () => {
  assert.throws(() => knapsack([], -1), RangeError);
  assert.throws(() => knapsack([{ weight: -1, value: 1 }], 5), RangeError);
  assert.throws(() => knapsack([{ weight: 0.5, value: 1 }], 5), RangeError);
  assert.throws(() => knapsack([{ weight: 1, value: -1 }], 5), RangeError);
});
