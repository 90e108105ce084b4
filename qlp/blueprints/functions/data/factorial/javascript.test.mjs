import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { factorial } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(factorial), [1n, 1n, 2n, 6n, 24n, 120n]);
  assert.equal(factorial(20), 2432902008176640000n);
});

test("n! = n * (n - 1)!", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (n) => {
      assert.equal(factorial(n), BigInt(n) * factorial(n - 1));
    }),
  );
});

test("anything but a non-negative integer is refused", () => {
  for (const bad of [-1, 2.5, Number.NaN]) {
    assert.throws(() => factorial(bad), RangeError);
  }
});
