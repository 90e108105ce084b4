import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { movingAverage } from "./javascript.mjs";

const numbers = fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 20 });

test("known values", () => {
  assert.deepEqual(movingAverage([1, 2, 3, 4], 2), [1.5, 2.5, 3.5]);
  assert.deepEqual(movingAverage([1, 2], 3), []);
});

test("neighbouring averages differ by what enters and leaves", () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 8 }), (list, window) => {
      const averages = movingAverage(list, window);
      assert.equal(averages.length, Math.max(list.length - window + 1, 0));
      averages.forEach((average, i) => {
        const before = i === 0 ? 0 : averages[i - 1] * window - list[i - 1];
        const entering = i === 0 ? list.slice(0, window) : [list[i + window - 1]];
        const sum = entering.reduce((total, n) => total + n, before);
        assert.ok(Math.abs(average * window - sum) < 1e-6);
      });
    }),
  );
});

test("empty windows are refused", () => {
  for (const bad of [0, -1, 1.5]) {
    assert.throws(() => movingAverage([1, 2], bad), RangeError);
  }
});
