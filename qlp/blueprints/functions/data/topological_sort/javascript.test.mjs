import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { topologicalSort } from "./javascript.mjs";

const pairs = fc.array(fc.tuple(fc.nat(8), fc.nat(8)));

test("known graph", () => {
  const graph = new Map([
    ["shoes", ["socks", "trousers"]],
    ["trousers", ["socks"]],
  ]);
  assert.deepEqual(topologicalSort(graph), ["socks", "trousers", "shoes"]);
});

test("everything comes after its needs", () => {
  fc.assert(
    fc.property(pairs, fc.integer({ min: 0, max: 8 }), (list, shift) => {
      // Needs that always point to smaller numbers have no cycle, whatever the names are.
      const name = (n) => (n * 2 + shift) % 9;
      const graph = new Map(Array.from({ length: 9 }, (_, n) => [n, []]));
      for (const [a, b] of list) {
        if (a !== b) graph.get(name(Math.max(a, b))).push(name(Math.min(a, b)));
      }
      const order = topologicalSort(graph);
      assert.deepEqual([...order].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
      for (const [node, needs] of graph) {
        for (const need of needs) assert.ok(order.indexOf(need) < order.indexOf(node));
      }
    }),
  );
});

test("cycles are refused", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), pairs, (length, list) => {
      const graph = new Map(Array.from({ length }, (_, n) => [n, [(n + 1) % length]]));
      for (const [a, b] of list) graph.set(a, [...(graph.get(a) ?? []), b]);
      assert.throws(() => topologicalSort(graph), RangeError);
    }),
  );
});
