import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { RateLimiter } from "./javascript.mjs";

const tries = (limiter, count) => Array.from({ length: count }, () => limiter.allow());

test("a burst, then the steady rate", () => {
  let now = 100;
  const limiter = new RateLimiter(2, 3, () => now);
  assert.deepEqual(tries(limiter, 4), [true, true, true, false]);
  now += 0.5;
  assert.deepEqual(tries(limiter, 2), [true, false]);
  now += 60;
  assert.deepEqual(tries(limiter, 4), [true, true, true, false]);
});

// Multiples of 1/8 second and small rates are exact in floating point.
test("agrees with counting in eighths", () => {
  const rates = fc.integer({ min: 1, max: 4 });
  const bursts = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(rates, bursts, fc.array(fc.nat(16), { maxLength: 60 }), (rate, burst, waits) => {
      let now = 0;
      const limiter = new RateLimiter(rate, burst, () => now);
      let eighths = burst * 8;
      for (const wait of waits) {
        now += wait / 8;
        eighths = Math.min(burst * 8, eighths + wait * rate);
        assert.equal(limiter.allow(), eighths >= 8);
        if (eighths >= 8) eighths -= 8;
      }
    }),
  );
});

test("the real clock works, and rate and burst must be positive", () => {
  assert.deepEqual(tries(new RateLimiter(0.001, 1), 2), [true, false]);
  for (const [rate, burst] of [[0, 1], [-1, 1], [1, 0], [Number.NaN, 1]]) {
    assert.throws(() => new RateLimiter(rate, burst), RangeError);
  }
});
