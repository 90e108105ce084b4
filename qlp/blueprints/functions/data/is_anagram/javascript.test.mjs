import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { isAnagram } from "./javascript.mjs";

const words = fc.array(fc.constantFrom(..."abcdef"), { maxLength: 10 });

test("known pairs", () => {
  assert.equal(isAnagram("Listen", "Silent"), true);
  assert.equal(isAnagram("Dormitory", "dirty room!"), true);
  assert.equal(isAnagram("aab", "abb"), false);
  assert.equal(isAnagram("ab", "abc"), false);
});

test("a rotation is an anagram, one more letter is none", () => {
  fc.assert(
    fc.property(words, fc.nat(10), (word, places) => {
      const rotated = [...word.slice(places), ...word.slice(0, places)];
      assert.equal(isAnagram(word.join(""), rotated.join(" ").toUpperCase()), true);
      assert.equal(isAnagram(word.join(""), `${rotated.join("")}x`), false);
    }),
  );
});

test("agrees with counting each letter", () => {
  fc.assert(
    fc.property(words, words, (first, second) => {
      const same = [..."abcdef"].every(
        (letter) =>
          first.filter((c) => c === letter).length === second.filter((c) => c === letter).length,
      );
      assert.equal(isAnagram(first.join(""), second.join("")), same);
    }),
  );
});
