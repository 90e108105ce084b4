import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { transpose } from "./javascript.mjs";

const matrices = fc
  .integer({ min: 1, max: 5 })
  .chain((width) =>
    fc.array(fc.array(fc.integer(), { minLength: width, maxLength: width }), {
      minLength: 1,
      maxLength: 5,
    }),
  );

test("known values", () => {
  assert.deepEqual(
    transpose([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
  );
  assert.deepEqual(transpose([]), []);
});

test("each entry moves across the diagonal", () => {
  fc.assert(
    fc.property(matrices, (matrix) => {
      const result = transpose(matrix);
      assert.equal(result.length, matrix[0].length);
      matrix.forEach((row, i) =>
        assert.deepEqual(
          result.map((column) => column[i]),
          row,
        ),
      );
      assert.deepEqual(transpose(result), matrix);
    }),
  );
});

test("ragged rows are refused", () => {
  assert.throws(() => transpose([[1, 2], [3]]), RangeError);
});
