/**
 * The index of the first `target` in ascending `items`, or -1.
 *
 * @template {number | string} T
 * @param {readonly T[]} items
 * @param {T} target
 * @returns {number}
 */
export function binarySearch(items, target) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (items[middle] < target) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return items[low] === target ? low : -1;
}
