import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { primesUpTo } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(primesUpTo(1), []);
  assert.deepEqual(primesUpTo(2), [2]);
  assert.deepEqual(primesUpTo(31), [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31]);
  assert.equal(primesUpTo(10000).length, 1229);
});

test("agrees with counting divisors", () => {
  fc.assert(
    fc.property(fc.integer({ min: -10, max: 400 }), (limit) => {
      const expected = [];
      for (let n = 2; n <= limit; n += 1) {
        let divisors = 0;
        for (let d = 1; d <= n; d += 1) {
          if (n % d === 0) divisors += 1;
        }
        if (divisors === 2) expected.push(n);
      }
      assert.deepEqual(primesUpTo(limit), expected);
    }),
  );
});

test("a fraction is refused", () => {
  assert.throws(() => primesUpTo(2.5), RangeError);
});
