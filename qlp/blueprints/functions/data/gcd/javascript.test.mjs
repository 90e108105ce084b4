import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { gcd } from "./javascript.mjs";

const small = fc.integer({ min: -200, max: 200 });

test("edges", () => {
  assert.equal(gcd(0, 0), 0);
  assert.equal(gcd(0, -7), 7);
  assert.equal(gcd(54, 24), 6);
});

test("is the largest common divisor", () => {
  fc.assert(
    fc.property(small, small, (a, b) => {
      fc.pre(a !== 0);
      let largest = 1;
      for (let d = 1; d <= Math.abs(a); d += 1) {
        if (a % d === 0 && b % d === 0) largest = d;
      }
      assert.equal(gcd(a, b), largest);
    }),
  );
});

test("scales with a common factor and is symmetric", () => {
  fc.assert(
    fc.property(small, small, fc.integer({ min: 1, max: 1000 }), (a, b, k) => {
      assert.equal(gcd(a * k, b * k), k * gcd(b, a));
    }),
  );
});

test("fractions are refused", () => {
  assert.throws(() => gcd(1.5, 3), RangeError);
  assert.throws(() => gcd(3, Number.NaN), RangeError);
});
