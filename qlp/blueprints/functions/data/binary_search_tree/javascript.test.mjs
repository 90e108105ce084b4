import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { BinarySearchTree } from "./javascript.mjs";

const operations = fc.array(fc.tuple(fc.boolean(), fc.nat(12)), { maxLength: 60 });
const sorted = (keys) => [...new Set(keys)].sort((a, b) => a - b);

test("keys come in order and once", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (keys) => {
      const tree = new BinarySearchTree();
      keys.forEach((key) => tree.insert(key));
      assert.deepEqual([...tree], sorted(keys));
    }),
  );
});

test("random use agrees with a set", () => {
  fc.assert(
    fc.property(operations, (steps) => {
      const tree = new BinarySearchTree();
      const model = new Set();
      for (const [inserting, key] of steps) {
        if (inserting) {
          assert.equal(tree.insert(key), !model.has(key));
          model.add(key);
        } else {
          assert.equal(tree.remove(key), model.delete(key));
        }
        assert.deepEqual([...tree], sorted(model));
        assert.equal(tree.size, model.size);
        for (let k = -1; k < 14; k += 1) assert.equal(tree.has(k), model.has(k));
      }
    }),
  );
});
