import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { levenshtein } from "./javascript.mjs";

const word = fc.array(fc.constantFrom(..."abc"), { maxLength: 6 }).map((c) => c.join(""));

test("known values", () => {
  assert.equal(levenshtein("kitten", "sitting"), 3);
  assert.equal(levenshtein("flaw", "lawn"), 2);
  assert.equal(levenshtein("", "abc"), 3);
  assert.equal(levenshtein("abc", ""), 3);
});

test("agrees with the recursive definition", () => {
  const distance = (a, b) => {
    if (a === "" || b === "") return a.length + b.length;
    if (a[0] === b[0]) return distance(a.slice(1), b.slice(1));
    const steps = [
      distance(a.slice(1), b),
      distance(a, b.slice(1)),
      distance(a.slice(1), b.slice(1)),
    ];
    return 1 + Math.min(...steps);
  };
  fc.assert(fc.property(word, word, (a, b) => assert.equal(levenshtein(a, b), distance(a, b))));
});

test("is a metric", () => {
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      assert.equal(levenshtein(a, b) === 0, a === b);
      assert.equal(levenshtein(a, b), levenshtein(b, a));
      assert.ok(levenshtein(a, c) <= levenshtein(a, b) + levenshtein(b, c));
    }),
  );
});
