/**
 * All nodes so that each comes after everything it depends on (Kahn's algorithm).
 *
 * `dependencies.get(a)` lists what a needs first; nodes that only appear there are included.
 *
 * @template N
 * @param {ReadonlyMap<N, Iterable<N>>} dependencies
 * @returns {N[]}
 * @throws {RangeError} when the dependencies form a cycle
 */
export function topologicalSort(dependencies) {
  /** @type {Map<N, Set<N>>} */
  const needs = new Map();
  for (const [node, needed] of dependencies) {
    needs.set(node, new Set(needed));
  }
  for (const needed of [...needs.values()]) {
    for (const other of needed) {
      if (!needs.has(other)) {
        needs.set(other, new Set());
      }
    }
  }
  const order = [...needs.keys()].filter((node) => needs.get(node)?.size === 0);
  // An array yields items that are added while it is read: it is the queue as well.
  for (const done of order) {
    for (const [node, open] of needs) {
      if (open.delete(done) && open.size === 0) {
        order.push(node);
      }
    }
  }
  if (order.length < needs.size) {
    throw new RangeError("the dependencies form a cycle");
  }
  return order;
}
