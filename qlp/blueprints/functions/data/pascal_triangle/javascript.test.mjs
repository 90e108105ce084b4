import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { pascalTriangle } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(pascalTriangle(0), []);
  assert.deepEqual(pascalTriangle(5), [[1], [1, 1], [1, 2, 1], [1, 3, 3, 1], [1, 4, 6, 4, 1]]);
});

test("rows are symmetric and sum to powers of two", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), (rows) => {
      const triangle = pascalTriangle(rows);
      assert.equal(triangle.length, rows);
      triangle.forEach((row, n) => {
        assert.deepEqual([...row].reverse(), row);
        assert.equal(
          row.reduce((sum, value) => sum + value, 0),
          2 ** n,
        );
      });
    }),
  );
});

test("anything but a non-negative integer is refused", () => {
  assert.throws(() => pascalTriangle(-1), RangeError);
  assert.throws(() => pascalTriangle(1.5), RangeError);
});
