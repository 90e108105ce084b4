import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { fromBase, toBase } from "./javascript.mjs";

const bases = fc.integer({ min: 2, max: 36 });

test("known values", () => {
  assert.equal(toBase(0n, 2), "0");
  assert.equal(toBase(-255n, 16), "-ff");
  assert.equal(fromBase("Zz", 36), 1295n);
});

test("agrees with toString, and reading undoes writing", () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 80n), 2n ** 80n), bases, (number, base) => {
      const text = toBase(number, base);
      assert.equal(text, number.toString(base));
      assert.equal(fromBase(text, base), number);
    }),
  );
});

test("bad digits and bases are refused", () => {
  for (const [text, base] of [["2", 2], ["", 10], ["-", 10], ["1-", 10], ["g", 16]]) {
    assert.throws(() => fromBase(text, base), SyntaxError);
  }
  for (const base of [-1, 1, 37, 2.5]) {
    assert.throws(() => toBase(1n, base), RangeError);
    assert.throws(() => fromBase("1", base), RangeError);
  }
});
