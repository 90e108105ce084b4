import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { collatz } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(collatz(1), [1]);
  assert.deepEqual(collatz(6), [6, 3, 10, 5, 16, 8, 4, 2, 1]);
  assert.equal(collatz(27).length, 112);
});

test("every step follows the rule and only the end is 1", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (start) => {
      const sequence = collatz(start);
      assert.equal(sequence[0], start);
      assert.equal(sequence.indexOf(1), sequence.length - 1);
      for (let i = 1; i < sequence.length; i += 1) {
        const [before, after] = [sequence[i - 1], sequence[i]];
        assert.equal(before % 2 === 0 ? after * 2 : (after - 1) / 3, before);
      }
    }),
  );
});

test("only positive integers", () => {
  for (const bad of [0, -6, 2.5]) {
    assert.throws(() => collatz(bad), RangeError);
  }
});
