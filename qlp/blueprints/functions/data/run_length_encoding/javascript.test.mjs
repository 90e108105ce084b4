import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { runLengthDecode, runLengthEncode } from "./javascript.mjs";

const texts = fc.array(fc.constantFrom(..."ab1"), { maxLength: 30 }).map((c) => c.join(""));

test("known values", () => {
  assert.deepEqual(runLengthEncode(""), []);
  assert.deepEqual(runLengthEncode("aaab11"), [
    ["a", 3],
    ["b", 1],
    ["1", 2],
  ]);
});

test("decoding undoes encoding, and runs are maximal", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const runs = runLengthEncode(text);
      assert.equal(runLengthDecode(runs), text);
      for (let i = 1; i < runs.length; i += 1) assert.notEqual(runs[i][0], runs[i - 1][0]);
    }),
  );
});

test("empty runs are refused", () => {
  assert.throws(() => runLengthDecode([["a", 0]]), RangeError);
});
