import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { fizzbuzz } from "./javascript.mjs";

const cycle = "1 2 Fizz 4 Buzz Fizz 7 8 Fizz Buzz 11 Fizz 13 14 FizzBuzz".split(" ");

test("first cycle", () => {
  assert.deepEqual(fizzbuzz(15), cycle);
  assert.deepEqual(fizzbuzz(0), []);
});

test("words repeat every fifteen lines", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), (n) => {
      const lines = fizzbuzz(n);
      assert.equal(lines.length, n);
      lines.forEach((line, i) => {
        const word = cycle[i % 15];
        assert.equal(line, /^\d+$/.test(word) ? String(i + 1) : word);
      });
    }),
  );
});
