import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { UnionFind } from "./javascript.mjs";

test("random unions agree with labels", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 20 }), (pairs) => {
      const sets = new UnionFind(10);
      let label = Array.from({ length: 10 }, (_, i) => i);
      for (const [a, b] of pairs) {
        assert.equal(sets.union(a, b), label[a] !== label[b]);
        label = label.map((x) => (x === label[b] ? label[a] : x));
        assert.equal(sets.count, new Set(label).size);
      }
      for (let i = 0; i < 10; i += 1) {
        assert.equal(sets.setSize(i), label.filter((x) => x === label[i]).length);
        for (let j = 0; j < 10; j += 1) {
          assert.equal(sets.connected(i, j), label[i] === label[j]);
        }
      }
    }),
  );
});
