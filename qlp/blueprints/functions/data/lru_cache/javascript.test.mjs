import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { LRUCache } from "./javascript.mjs";

const operations = fc.array(fc.tuple(fc.boolean(), fc.nat(5), fc.integer()), { maxLength: 60 });

test("the least recently used entry goes", () => {
  const cache = new LRUCache(2);
  cache.put("a", 1);
  cache.put("b", 2);
  assert.equal(cache.get("a"), 1);
  cache.put("c", 3);
  assert.deepEqual(
    ["a", "b", "c"].map((key) => cache.has(key)),
    [true, false, true],
  );
});

test("random use agrees with an array", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), operations, (capacity, steps) => {
      const cache = new LRUCache(capacity);
      let model = []; // the most recently used last
      for (const [putting, key, value] of steps) {
        const known = model.find((pair) => pair[0] === key);
        const others = model.filter((pair) => pair !== known);
        if (putting) {
          cache.put(key, value);
          model = [...others, [key, value]].slice(-capacity);
        } else {
          assert.equal(cache.get(key), known?.[1]);
          if (known !== undefined) model = [...others, known];
        }
        assert.equal(cache.size, model.length);
        for (let k = 0; k < 6; k += 1) {
          assert.equal(
            cache.has(k),
            model.some((pair) => pair[0] === k),
          );
        }
      }
    }),
  );
});

test("a cache needs room", () => {
  for (const bad of [0, -1, 1.5]) {
    assert.throws(() => new LRUCache(bad), RangeError);
  }
});
