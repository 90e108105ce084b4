/**
 * The most frequent values in the order of first appearance; [] for no values.
 *
 * @template T
 * @param {Iterable<T>} values
 * @returns {T[]}
 */
export function mode(values) {
  /** @type {Map<T, number>} */
  const counts = new Map();
  let most = 0;
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    most = Math.max(most, count);
  }
  return [...counts.keys()].filter((value) => counts.get(value) === most);
}
