import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { isLeapYear } from "./javascript.mjs";

test("known values", () => {
  const leap = [1900, 1999, 2000, 2024, 2025, 2100].filter(isLeapYear);
  assert.deepEqual(leap, [2000, 2024]);
});

test("29 February exists", () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 9999 }), (year) => {
      const day = new Date(Date.UTC(year, 1, 29));
      assert.equal(isLeapYear(year), day.getUTCMonth() === 1);
    }),
  );
});

test("400 years have 97 leap years", () => {
  fc.assert(
    fc.property(fc.integer({ min: -5000, max: 5000 }), (start) => {
      const years = Array.from({ length: 400 }, (_, i) => start + i);
      assert.equal(years.filter(isLeapYear).length, 97);
    }),
  );
});
