import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { dijkstra } from "./javascript.mjs";

const edges = fc.array(fc.tuple(fc.nat(6), fc.nat(6), fc.nat(9)), { maxLength: 20 });

function graphOf(list) {
  const graph = new Map();
  for (const [from, to, weight] of list) {
    graph.set(from, (graph.get(from) ?? new Map()).set(to, weight));
  }
  return graph;
}

test("known graph", () => {
  const list = [
    ["a", "b", 1],
    ["a", "c", 4],
    ["b", "c", 2],
    ["b", "d", 6],
    ["c", "d", 3],
    ["e", "a", 1],
  ];
  const expected = new Map([
    ["a", 0],
    ["b", 1],
    ["c", 3],
    ["d", 6],
  ]);
  assert.deepEqual(dijkstra(graphOf(list), "a"), expected);
});

test("agrees with Bellman and Ford", () => {
  fc.assert(
    fc.property(edges, fc.nat(6), (list, source) => {
      const graph = graphOf(list);
      const distances = new Map([[source, 0]]);
      for (let round = 0; round < 7; round += 1) {
        for (const [from, targets] of graph) {
          for (const [to, weight] of targets) {
            const length = (distances.get(from) ?? Infinity) + weight;
            if (length < (distances.get(to) ?? Infinity)) distances.set(to, length);
          }
        }
      }
      assert.deepEqual(dijkstra(graph, source), distances);
    }),
  );
});

test("negative weights are refused", () => {
  assert.throws(() => dijkstra(graphOf([["a", "b", -1]]), "a"), RangeError);
});
