/**
 * The items in ascending order as a new array, by quicksort with three-way partition.
 *
 * @template T
 * @param {Iterable<T>} items
 * @param {(a: T, b: T) => number} compare negative when a belongs before b
 * @returns {T[]}
 */
export function quickSort(items, compare = (a, b) => (a < b ? -1 : Number(a > b))) {
  const result = [...items];
  /** @type {Array<[number, number]>} */
  const parts = [[0, result.length]];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const [start, end] = part;
    if (end - start < 2) {
      continue;
    }
    const pivot = result[Math.floor((start + end) / 2)];
    // result[start, low) < pivot, result[low, i) equal, result[high, end) > pivot
    let [low, i, high] = [start, start, end];
    while (i < high) {
      const order = compare(result[i], pivot);
      if (order < 0) {
        [result[low], result[i]] = [result[i], result[low]];
        low += 1;
        i += 1;
      } else if (order > 0) {
        high -= 1;
        [result[i], result[high]] = [result[high], result[i]];
      } else {
        i += 1;
      }
    }
    parts.push([start, low], [high, end]);
  }
  return result;
}
