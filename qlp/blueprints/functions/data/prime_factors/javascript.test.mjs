import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { primeFactors } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(primeFactors(1), []);
  assert.deepEqual(primeFactors(360), [2, 2, 2, 3, 3, 5]);
});

test("factors are ascending primes with the right product", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20000 }), (n) => {
      const factors = primeFactors(n);
      assert.equal(
        factors.reduce((product, p) => product * p, 1),
        n,
      );
      assert.deepEqual(factors, [...factors].sort((a, b) => a - b));
      for (const p of factors) {
        assert.ok(p > 1);
        for (let d = 2; d < p; d += 1) assert.notEqual(p % d, 0);
      }
    }),
  );
});

test("only positive integers", () => {
  for (const bad of [0, -6, 2.5]) {
    assert.throws(() => primeFactors(bad), RangeError);
  }
});
