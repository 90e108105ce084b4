/** The elements 0..size-1 in disjoint sets; union by size and path halving, almost O(1). */
export class UnionFind {
  #parent;
  #size;
  #count;

  /** @param {number} size */
  constructor(size) {
    this.#parent = Array.from({ length: size }, (_, element) => element);
    this.#size = new Array(size).fill(1);
    this.#count = size;
  }

  /** Number of sets. */
  get count() {
    return this.#count;
  }

  /**
   * The representative of the element's set.
   *
   * @param {number} element
   * @returns {number}
   */
  find(element) {
    let node = element;
    while (this.#parent[node] !== node) {
      this.#parent[node] = this.#parent[this.#parent[node]];
      node = this.#parent[node];
    }
    return node;
  }

  /**
   * Joins two sets; false if they were one already.
   *
   * @param {number} first
   * @param {number} second
   * @returns {boolean}
   */
  union(first, second) {
    let [small, large] = [this.find(first), this.find(second)];
    if (small === large) {
      return false;
    }
    if (this.#size[small] > this.#size[large]) {
      [small, large] = [large, small];
    }
    this.#parent[small] = large;
    this.#size[large] += this.#size[small];
    this.#count -= 1;
    return true;
  }

  /**
   * Says whether both elements are in one set.
   *
   * @param {number} first
   * @param {number} second
   * @returns {boolean}
   */
  connected(first, second) {
    return this.find(first) === this.find(second);
  }

  /**
   * The number of elements in the element's set.
   *
   * @param {number} element
   * @returns {number}
   */
  setSize(element) {
    return this.#size[this.find(element)];
  }
}
