/**
 * The items in ascending order as a new array; stable, O(n log n).
 *
 * @template T
 * @param {Iterable<T>} items
 * @param {(a: T, b: T) => number} compare negative when a belongs before b
 * @returns {T[]}
 */
export function mergeSort(items, compare = (a, b) => (a < b ? -1 : Number(a > b))) {
  const all = [...items];
  if (all.length < 2) {
    return all;
  }
  const middle = Math.floor(all.length / 2);
  const left = mergeSort(all.slice(0, middle), compare);
  const right = mergeSort(all.slice(middle), compare);
  const merged = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (compare(right[j], left[i]) < 0) {
      merged.push(right[j]);
      j += 1;
    } else {
      merged.push(left[i]);
      i += 1;
    }
  }
  return [...merged, ...left.slice(i), ...right.slice(j)];
}
