/**
 * Lengths of the shortest paths from `source` to each node that it reaches.
 *
 * `graph.get(a).get(b)` is the weight of the edge from a to b; nodes without edges may be left
 * out.
 *
 * @template N
 * @param {ReadonlyMap<N, ReadonlyMap<N, number>>} graph
 * @param {N} source
 * @returns {Map<N, number>}
 * @throws {RangeError} for a negative weight
 */
export function dijkstra(graph, source) {
  const distances = new Map();
  /** @type {Map<N, number>} shortest lengths found so far, of nodes that are not settled */
  const waiting = new Map([[source, 0]]);
  while (waiting.size > 0) {
    const [node, distance] = [...waiting].reduce((best, entry) =>
      entry[1] < best[1] ? entry : best,
    );
    waiting.delete(node);
    distances.set(node, distance);
    for (const [neighbour, weight] of graph.get(node) ?? []) {
      if (weight < 0) {
        throw new RangeError("weights must not be negative");
      }
      const length = distance + weight;
      if (!distances.has(neighbour) && length < (waiting.get(neighbour) ?? Infinity)) {
        waiting.set(neighbour, length);
      }
    }
  }
  return distances;
}
