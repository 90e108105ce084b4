/**
 * The items in ascending order as a new array, by heapsort; O(n log n), not stable.
 *
 * @template T
 * @param {Iterable<T>} items
 * @param {(a: T, b: T) => number} compare negative when a belongs before b
 * @returns {T[]}
 */
export function heapSort(items, compare = (a, b) => (a < b ? -1 : Number(a > b))) {
  const heap = [...items];

  /**
   * Restores the max-heap of the first `end` items, of which only `root` is misplaced.
   *
   * @param {number} root
   * @param {number} end
   */
  function siftDown(root, end) {
    let parent = root;
    for (let child = 2 * parent + 1; child < end; child = 2 * parent + 1) {
      if (child + 1 < end && compare(heap[child], heap[child + 1]) < 0) {
        child += 1;
      }
      if (compare(heap[parent], heap[child]) >= 0) {
        return;
      }
      [heap[parent], heap[child]] = [heap[child], heap[parent]];
      parent = child;
    }
  }

  for (let root = Math.floor(heap.length / 2) - 1; root >= 0; root -= 1) {
    siftDown(root, heap.length);
  }
  for (let end = heap.length - 1; end > 0; end -= 1) {
    [heap[0], heap[end]] = [heap[end], heap[0]];
    siftDown(0, end);
  }
  return heap;
}
