import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { rot13 } from "./javascript.mjs";

test("the whole alphabet", () => {
  assert.equal(rot13("abcdefghijklmnopqrstuvwxyz"), "nopqrstuvwxyzabcdefghijklm");
  assert.equal(rot13("Hello, World!"), "Uryyb, Jbeyq!");
});

test("twice is the identity", () => {
  fc.assert(fc.property(fc.string(), (text) => rot13(rot13(text)) === text));
});

test("every letter changes, nothing else does", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const result = rot13(text);
      [...text].forEach((c, i) => assert.equal([...result][i] !== c, /[a-zA-Z]/.test(c)));
    }),
  );
});
