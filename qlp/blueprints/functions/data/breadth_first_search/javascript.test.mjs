import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { breadthFirstSearch } from "./javascript.mjs";

const graphs = fc
  .array(fc.tuple(fc.nat(7), fc.array(fc.nat(7), { maxLength: 3 })))
  .map((entries) => new Map(entries));

test("known graph", () => {
  const graph = new Map([
    ["a", ["b", "c"]],
    ["b", ["d"]],
    ["c", ["d"]],
    ["d", ["e"]],
  ]);
  assert.deepEqual(breadthFirstSearch(graph, "a", "e"), ["a", "b", "d", "e"]);
  assert.equal(breadthFirstSearch(graph, "e", "a"), null);
  assert.deepEqual(breadthFirstSearch(graph, "z", "z"), ["z"]);
});

test("the path is real and as short as can be", () => {
  fc.assert(
    fc.property(graphs, fc.nat(7), fc.nat(7), (graph, start, goal) => {
      let layer = new Set([start]);
      let fewest = null;
      for (let steps = 0; steps <= 8 && fewest === null; steps += 1) {
        if (layer.has(goal)) fewest = steps;
        layer = new Set([...layer, ...[...layer].flatMap((node) => graph.get(node) ?? [])]);
      }
      const path = breadthFirstSearch(graph, start, goal);
      if (path === null) {
        assert.equal(fewest, null);
        return;
      }
      assert.deepEqual([path[0], path.at(-1), path.length - 1], [start, goal, fewest]);
      path.slice(1).forEach((node, i) => assert.ok(graph.get(path[i]).includes(node)));
    }),
  );
});
