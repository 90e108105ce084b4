import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { lcm } from "./javascript.mjs";

const positive = fc.integer({ min: 1, max: 60 });

test("edges", () => {
  assert.equal(lcm(0, 5), 0);
  assert.equal(lcm(5, 0), 0);
  assert.equal(lcm(-4, 6), 12);
  assert.equal(lcm(4, -6), 12);
});

test("is the first common multiple", () => {
  fc.assert(
    fc.property(positive, positive, (a, b) => {
      let first = 1;
      while (first % a !== 0 || first % b !== 0) first += 1;
      assert.equal(lcm(a, b), first);
    }),
  );
});

test("fractions and overflow are refused", () => {
  assert.throws(() => lcm(1.5, 3), RangeError);
  assert.throws(() => lcm(2, 0.5), RangeError);
  assert.throws(() => lcm(Number.MAX_SAFE_INTEGER, 2), RangeError);
});
