import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { balancedBrackets } from "./javascript.mjs";

const texts = fc.array(fc.constantFrom(..."()[]{}"), { maxLength: 10 }).map((c) => c.join(""));

test("known texts", () => {
  for (const text of ["", "abc", "{[()]}", "f(a[0], {x})"]) {
    assert.equal(balancedBrackets(text), true, text);
  }
  for (const text of ["(", ")", "(]", "([)]", "())("]) {
    assert.equal(balancedBrackets(text), false, text);
  }
});

test("agrees with erasing pairs", () => {
  fc.assert(
    fc.property(texts, (text) => {
      let rest = text;
      for (let i = 0; i < text.length; i += 1) rest = rest.replace(/\(\)|\[\]|\{\}/, "");
      assert.equal(balancedBrackets(text), rest === "");
    }),
  );
});
