import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { binarySearch } from "./javascript.mjs";

const sorted = fc
  .array(fc.integer({ min: -20, max: 20 }), { maxLength: 30 })
  .map((items) => items.sort((a, b) => a - b));

test("agrees with linear search", () => {
  fc.assert(
    fc.property(sorted, fc.integer({ min: -22, max: 22 }), (items, target) => {
      assert.equal(binarySearch(items, target), items.indexOf(target));
    }),
  );
});

test("looks at few items", () => {
  let looks = 0;
  const items = Array.from({ length: 1000 }, (_, i) => i);
  const spy = new Proxy(items, {
    get(target, key) {
      if (key !== "length") looks += 1;
      return Reflect.get(target, key);
    },
  });
  assert.equal(binarySearch(spy, 700), 700);
  assert.ok(looks <= 11, `${looks} looks`);
});

test("other types", () => {
  assert.equal(binarySearch(["ant", "bee", "cow"], "bee"), 1);
  assert.equal(binarySearch([], 1), -1);
});
