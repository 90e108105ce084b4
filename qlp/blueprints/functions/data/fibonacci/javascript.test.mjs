import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { fibonacci, fibonacciSequence } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(fibonacciSequence(10), [0n, 1n, 1n, 2n, 3n, 5n, 8n, 13n, 21n, 34n]);
  assert.equal(fibonacci(100), 354224848179261915075n);
});

test("Cassini's identity holds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), (n) => {
      const left = fibonacci(n - 1) * fibonacci(n + 1) - fibonacci(n) ** 2n;
      assert.equal(left, n % 2 === 0 ? 1n : -1n);
    }),
  );
});

test("the sequence lists the single numbers", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), (count) => {
      const expected = Array.from({ length: count }, (_, n) => fibonacci(n));
      assert.deepEqual(fibonacciSequence(count), expected);
    }),
  );
});

test("anything but a non-negative integer is refused", () => {
  for (const bad of [-1, 1.5, Number.NaN]) {
    assert.throws(() => fibonacci(bad), RangeError);
    assert.throws(() => fibonacciSequence(bad), RangeError);
  }
});
