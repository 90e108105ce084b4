import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { flatten } from "./javascript.mjs";

const { nested } = fc.letrec((tie) => ({
  nested: fc.array(fc.oneof({ maxDepth: 4 }, fc.integer(), tie("nested")), { maxLength: 4 }),
}));

test("known values", () => {
  assert.deepEqual(flatten([1, [2, [3, [4, []]]], "ab", 5]), [1, 2, 3, 4, "ab", 5]);
  assert.deepEqual(flatten([]), []);
});

test("agrees with the built-in flat", () => {
  fc.assert(fc.property(nested, (items) => assert.deepEqual(flatten(items), items.flat(Infinity))));
});

test("depth is no problem", () => {
  let deep = [1];
  for (let i = 0; i < 50000; i += 1) deep = [deep];
  assert.deepEqual(flatten(deep), [1]);
});
