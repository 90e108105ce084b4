/**
 * A last-in, first-out stack.
 *
 * @template T
 */
export class Stack {
  /** @type {T[]} */
  #items = [];

  /** Number of items. */
  get size() {
    return this.#items.length;
  }

  /**
   * Puts an item on top.
   *
   * @param {T} item
   */
  push(item) {
    this.#items.push(item);
  }

  /**
   * Takes the top item off; undefined when the stack is empty.
   *
   * @returns {T | undefined}
   */
  pop() {
    return this.#items.pop();
  }

  /**
   * The top item, which stays; undefined when the stack is empty.
   *
   * @returns {T | undefined}
   */
  peek() {
    return this.#items[this.#items.length - 1];
  }
}
