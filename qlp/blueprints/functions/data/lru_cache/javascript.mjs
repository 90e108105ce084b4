/**
 * Keeps up to `capacity` entries and drops the least recently used one; all in O(1).
 *
 * @template K, V
 */
export class LRUCache {
  #capacity;
  /** @type {Map<K, V>} a Map remembers insertion order: the least recently used comes first */
  #entries = new Map();

  /**
   * @param {number} capacity a positive integer
   * @throws {RangeError} when capacity is not a positive integer
   */
  constructor(capacity) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError("capacity must be a positive integer");
    }
    this.#capacity = capacity;
  }

  /** Number of entries. */
  get size() {
    return this.#entries.size;
  }

  /**
   * Says whether the key is cached, without counting as a use.
   *
   * @param {K} key
   * @returns {boolean}
   */
  has(key) {
    return this.#entries.has(key);
  }

  /**
   * The value of the key, which becomes the most recently used, or undefined.
   *
   * @param {K} key
   * @returns {V | undefined}
   */
  get(key) {
    const value = this.#entries.get(key);
    if (this.#entries.delete(key)) {
      this.#entries.set(key, /** @type {V} */ (value));
    }
    return value;
  }

  /**
   * Sets the value of the key, which becomes the most recently used.
   *
   * @param {K} key
   * @param {V} value
   */
  put(key, value) {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#capacity) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest);
    }
  }
}
