/**
 * A path with the fewest edges from start to goal, both included, or null.
 *
 * `graph.get(a)` lists the nodes to which an edge leads from a.
 *
 * @template N
 * @param {ReadonlyMap<N, Iterable<N>>} graph
 * @param {N} start
 * @param {N} goal
 * @returns {N[] | null}
 */
export function breadthFirstSearch(graph, start, goal) {
  /** @type {Map<N, N[]>} a shortest path to each node that was reached, in order of length */
  const paths = new Map([[start, [start]]]);
  // A Map yields entries that are added while it is read: it is the queue as well.
  for (const [node, path] of paths) {
    if (node === goal) {
      return path;
    }
    for (const neighbour of graph.get(node) ?? []) {
      if (!paths.has(neighbour)) {
        paths.set(neighbour, [...path, neighbour]);
      }
    }
  }
  return null;
}
