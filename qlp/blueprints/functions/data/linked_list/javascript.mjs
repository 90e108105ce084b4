/**
 * @template T
 * @typedef {{value: T, following: Node<T> | null}} Node
 */

/**
 * A singly linked list: prepend and append in O(1), remove and reverse in O(n).
 *
 * @template T
 */
export class LinkedList {
  /** @type {Node<T> | null} */
  #head = null;
  /** @type {Node<T> | null} */
  #tail = null;
  #size = 0;

  /** @param {Iterable<T>} values */
  constructor(values = []) {
    for (const value of values) {
      this.append(value);
    }
  }

  /** Number of values. */
  get size() {
    return this.#size;
  }

  *[Symbol.iterator]() {
    for (let node = this.#head; node !== null; node = node.following) {
      yield node.value;
    }
  }

  /**
   * Adds a value in front.
   *
   * @param {T} value
   */
  prepend(value) {
    this.#head = { value, following: this.#head };
    this.#tail ??= this.#head;
    this.#size += 1;
  }

  /**
   * Adds a value at the end.
   *
   * @param {T} value
   */
  append(value) {
    const node = { value, following: null };
    if (this.#tail === null) {
      this.#head = node;
    } else {
      this.#tail.following = node;
    }
    this.#tail = node;
    this.#size += 1;
  }

  /**
   * Removes the first node with this value; false if there is none.
   *
   * @param {T} value
   * @returns {boolean}
   */
  remove(value) {
    let before = null;
    let node = this.#head;
    while (node !== null && node.value !== value) {
      [before, node] = [node, node.following];
    }
    if (node === null) {
      return false;
    }
    if (before === null) {
      this.#head = node.following;
    } else {
      before.following = node.following;
    }
    if (node === this.#tail) {
      this.#tail = before;
    }
    this.#size -= 1;
    return true;
  }

  /** Reverses the order in place. */
  reverse() {
    this.#tail = this.#head;
    let before = null;
    let node = this.#head;
    while (node !== null) {
      const { following } = node;
      node.following = before;
      [before, node] = [node, following];
    }
    this.#head = before;
  }
}
