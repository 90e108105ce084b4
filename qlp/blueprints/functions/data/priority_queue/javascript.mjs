/**
 * A priority queue on a binary heap: the smallest priority comes first, equal ones in order of
 * arrival.
 *
 * @template T
 */
export class PriorityQueue {
  /** @type {Array<{item: T, priority: number, arrival: number}>} */
  #heap = [];
  #arrivals = 0;

  /** Number of items. */
  get size() {
    return this.#heap.length;
  }

  /**
   * Adds an item in O(log n).
   *
   * @param {T} item
   * @param {number} priority
   */
  push(item, priority) {
    this.#heap.push({ item, priority, arrival: this.#arrivals });
    this.#arrivals += 1;
    let child = this.#heap.length - 1;
    while (child > 0) {
      const parent = Math.floor((child - 1) / 2);
      if (this.#before(parent, child)) {
        return;
      }
      this.#swap(parent, child);
      child = parent;
    }
  }

  /**
   * Removes and returns the first item in O(log n); undefined when the queue is empty.
   *
   * @returns {T | undefined}
   */
  pop() {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last === undefined || last === first) {
      return last?.item;
    }
    this.#heap[0] = last;
    let parent = 0;
    for (let child = 1; child < this.#heap.length; child = 2 * parent + 1) {
      if (child + 1 < this.#heap.length && this.#before(child + 1, child)) {
        child += 1;
      }
      if (this.#before(parent, child)) {
        break;
      }
      this.#swap(parent, child);
      parent = child;
    }
    return first.item;
  }

  /**
   * The first item, which stays; undefined when the queue is empty.
   *
   * @returns {T | undefined}
   */
  peek() {
    return this.#heap[0]?.item;
  }

  /**
   * @param {number} i
   * @param {number} j
   */
  #before(i, j) {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    return a.priority < b.priority || (a.priority === b.priority && a.arrival < b.arrival);
  }

  /**
   * @param {number} i
   * @param {number} j
   */
  #swap(i, j) {
    [this.#heap[i], this.#heap[j]] = [this.#heap[j], this.#heap[i]];
  }
}
