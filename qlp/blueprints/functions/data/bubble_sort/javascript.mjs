/**
 * The items in ascending order as a new array; equal items keep their order.
 *
 * @template T
 * @param {Iterable<T>} items
 * @param {(a: T, b: T) => number} compare negative when a belongs before b
 * @returns {T[]}
 */
export function bubbleSort(items, compare = (a, b) => (a < b ? -1 : Number(a > b))) {
  const result = [...items];
  let end = result.length;
  while (end > 1) {
    let lastSwap = 0;
    for (let i = 1; i < end; i += 1) {
      if (compare(result[i], result[i - 1]) < 0) {
        [result[i - 1], result[i]] = [result[i], result[i - 1]];
        lastSwap = i;
      }
    }
    end = lastSwap;
  }
  return result;
}
