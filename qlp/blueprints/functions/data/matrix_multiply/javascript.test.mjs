import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { matrixMultiply } from "./javascript.mjs";

const size = fc.integer({ min: 1, max: 4 });

const matrix = (rows, columns) =>
  fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: columns, maxLength: columns }), {
    minLength: rows,
    maxLength: rows,
  });

test("known values", () => {
  const left = [
    [1, 2],
    [3, 4],
  ];
  const right = [
    [5, 6],
    [7, 8],
  ];
  assert.deepEqual(matrixMultiply(left, right), [
    [19, 22],
    [43, 50],
  ]);
});

test("acts on vectors one after the other", () => {
  const inputs = fc
    .tuple(size, size, size)
    .chain(([n, k, m]) => fc.tuple(matrix(n, k), matrix(k, m), matrix(m, 1)));
  fc.assert(
    fc.property(inputs, ([a, b, vector]) => {
      const product = matrixMultiply(a, b);
      assert.equal(product.length, a.length);
      assert.equal(product[0].length, b[0].length);
      assert.deepEqual(
        matrixMultiply(product, vector),
        matrixMultiply(a, matrixMultiply(b, vector)),
      );
    }),
  );
});

test("wrong shapes are refused", () => {
  assert.throws(() => matrixMultiply([[1, 2]], [[1, 2]]), RangeError);
  assert.throws(() => matrixMultiply([[1, 2], [3]], [[1], [2]]), RangeError);
  assert.throws(() => matrixMultiply([], [[1]]), RangeError);
});
