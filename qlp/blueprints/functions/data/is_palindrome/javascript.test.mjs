import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { isPalindrome } from "./javascript.mjs";

const letters = fc.array(fc.constantFrom(..."abcde"), { maxLength: 12 });

test("known texts", () => {
  for (const text of ["", "a", "Racecar", "A man, a plan, a canal: Panama!", "12 21"]) {
    assert.equal(isPalindrome(text), true, text);
  }
  for (const text of ["ab", "Racecars", "12 31"]) {
    assert.equal(isPalindrome(text), false, text);
  }
});

test("a mirrored text is a palindrome", () => {
  fc.assert(
    fc.property(letters, fc.constantFrom("", "x", " ", "?!"), (half, middle) => {
      const mirrored = [...half].reverse().join("").toUpperCase();
      assert.equal(isPalindrome(half.join("") + middle + mirrored), true);
    }),
  );
});

test("different ends are none", () => {
  fc.assert(
    fc.property(letters, letters, (left, right) => {
      assert.equal(isPalindrome(`x${left.join("")} - ${right.join("")}y`), false);
    }),
  );
});
