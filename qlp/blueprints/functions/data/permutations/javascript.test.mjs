import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { permutations } from "./javascript.mjs";

test("known values", () => {
  assert.deepEqual(permutations([]), [[]]);
  assert.deepEqual(permutations(["a", "b"]), [
    ["a", "b"],
    ["b", "a"],
  ]);
});

test("n! different orders of the same items, in lexicographic order", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(99), { maxLength: 6 }), (items) => {
      items.sort((a, b) => a - b);
      const orders = permutations(items);
      const texts = orders.map((order) => order.map((n) => String(n).padStart(2, "0")).join());
      const count = items.reduce((product, _, i) => product * (i + 1), 1);
      assert.equal(new Set(texts).size, count);
      assert.deepEqual([...texts].sort(), texts);
      for (const order of orders) {
        assert.deepEqual(
          [...order].sort((a, b) => a - b),
          items,
        );
      }
    }),
  );
});
