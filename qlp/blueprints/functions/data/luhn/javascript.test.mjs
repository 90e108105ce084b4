import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { luhn } from "./javascript.mjs";

const digit = fc.integer({ min: 0, max: 9 });
const payloads = fc.array(digit, { minLength: 1, maxLength: 24 }).map((digits) => digits.join(""));

test("known numbers", () => {
  for (const number of ["79927398713", "4539 1488 0343 6467", "4111-1111-1111-1111"]) {
    assert.equal(luhn(number), true);
  }
  for (const number of ["", "0", "79927398710", "4111 1111 1111 111x"]) {
    assert.equal(luhn(number), false);
  }
});

test("exactly one check digit fits", () => {
  fc.assert(
    fc.property(payloads, (payload) => {
      const fitting = [..."0123456789"].filter((check) => luhn(payload + check));
      assert.equal(fitting.length, 1);
    }),
  );
});

test("any single wrong digit is noticed", () => {
  fc.assert(
    fc.property(payloads, fc.nat(), fc.integer({ min: 1, max: 9 }), (payload, place, shift) => {
      const check = [..."0123456789"].find((candidate) => luhn(payload + candidate));
      const digits = [...payload + check].map(Number);
      const index = place % digits.length;
      digits[index] = (digits[index] + shift) % 10;
      assert.equal(luhn(digits.join("")), false);
    }),
  );
});
