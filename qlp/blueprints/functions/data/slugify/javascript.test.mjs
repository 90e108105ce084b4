import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { slugify } from "./javascript.mjs";

const word = fc
  .array(fc.constantFrom(..."abcxyz019"), { minLength: 1, maxLength: 6 })
  .map((c) => c.join(""));

test("known values", () => {
  assert.equal(slugify("  Hello, World! "), "hello-world");
  assert.equal(slugify("Caf\u00e9 del Mar: 20 a\u00f1os"), "cafe-del-mar-20-anos");
  assert.equal(slugify("!!!"), "");
});

test("is always a slug and stays one", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const slug = slugify(text);
      assert.match(slug, /^(?:[a-z0-9]+(?:-[a-z0-9]+)*)?$/);
      assert.equal(slugify(slug), slug);
    }),
  );
});

test("keeps every word", () => {
  const words = fc.array(word, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(words, fc.constantFrom(" ", "--", " / ", "_"), (parts, gap) => {
      assert.deepEqual(slugify(parts.join(gap).toUpperCase()).split("-"), parts);
    }),
  );
});
