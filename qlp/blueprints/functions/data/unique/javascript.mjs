/**
 * The distinct items in the order of their first appearance.
 *
 * @template T
 * @param {Iterable<T>} items
 * @returns {T[]}
 */
export function unique(items) {
  return [...new Set(items)];
}
