import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { powerSet } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(powerSet([]), [[]]);
  assert.deepEqual(powerSet([1, 2]), [[], [1], [2], [1, 2]]);
});

test("every subset exactly once", () => {
  fc.assert(
    fc.property(fc.nat(8), (n) => {
      const items = Array.from({ length: n }, (_, i) => i);
      const seen = powerSet(items).map((subset) => subset.reduce((bits, i) => bits | (1 << i), 0));
      assert.deepEqual(
        seen.sort((a, b) => a - b),
        Array.from({ length: 2 ** n }, (_, bits) => bits),
      );
    }),
  );
});
