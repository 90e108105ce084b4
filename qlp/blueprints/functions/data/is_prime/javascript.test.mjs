import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { isPrime } from "./javascript.mjs";

test("known values", () => {
  const found = Array.from({ length: 37 }, (_, i) => i - 5).filter(isPrime);
  assert.deepEqual(found, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31]);
  assert.equal(isPrime(2147483647), true);
  assert.equal(isPrime(7.5), false);
});

test("agrees with counting divisors", () => {
  fc.assert(
    fc.property(fc.integer({ min: -100, max: 3000 }), (n) => {
      let divisors = 0;
      for (let d = 1; d <= n; d += 1) {
        if (n % d === 0) divisors += 1;
      }
      assert.equal(isPrime(n), divisors === 2);
    }),
  );
});

test("products are not prime", () => {
  const factor = fc.integer({ min: 2, max: 2000 });
  fc.assert(fc.property(factor, factor, (a, b) => !isPrime(a * b)));
});
