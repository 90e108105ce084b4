/**
 * All 2**n subsets, the empty one first; each keeps the order of the items.
 *
 * @template T
 * @param {Iterable<T>} items
 * @returns {T[][]}
 */
export function powerSet(items) {
  /** @type {T[][]} */
  let subsets = [[]];
  for (const item of items) {
    subsets = [...subsets, ...subsets.map((subset) => [...subset, item])];
  }
  return subsets;
}
