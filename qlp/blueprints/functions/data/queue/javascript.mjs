/**
 * A first-in, first-out queue; both ends work in constant time.
 *
 * @template T
 */
export class Queue {
  /** @type {Map<number, T>} */
  #items = new Map();
  #first = 0;
  #next = 0;

  /** Number of items. */
  get size() {
    return this.#items.size;
  }

  /**
   * Adds an item at the end.
   *
   * @param {T} item
   */
  enqueue(item) {
    this.#items.set(this.#next, item);
    this.#next += 1;
  }

  /**
   * Takes the first item off; undefined when the queue is empty.
   *
   * @returns {T | undefined}
   */
  dequeue() {
    const item = this.peek();
    if (this.#items.delete(this.#first)) {
      this.#first += 1;
    }
    return item;
  }

  /**
   * The first item, which stays; undefined when the queue is empty.
   *
   * @returns {T | undefined}
   */
  peek() {
    return this.#items.get(this.#first);
  }
}
