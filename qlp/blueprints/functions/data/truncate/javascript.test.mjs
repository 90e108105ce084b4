import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { truncate } from "./javascript.mjs";

test("known values", () => {
  assert.equal(truncate("Hello, World", 12), "Hello, World");
  assert.equal(truncate("Hello, World", 11), "Hello, W...");
  assert.equal(truncate("abcdef", 3, "*"), "ab*");
});

test("the result fits and begins like the text", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 3, max: 30 }), (text, length) => {
      const result = truncate(text, length);
      assert.equal([...result].length, Math.min([...text].length, length));
      if ([...text].length > length) {
        assert.ok(result.endsWith("..."));
        assert.ok(text.startsWith(result.slice(0, -3)));
      } else {
        assert.equal(result, text);
      }
    }),
  );
});

test("no room for the ellipsis", () => {
  assert.equal(truncate("abcdef", 3), "...");
  assert.throws(() => truncate("abcdef", 2), RangeError);
});
