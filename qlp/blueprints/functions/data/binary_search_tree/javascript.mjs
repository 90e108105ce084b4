/**
 * @template K
 * @typedef {{key: K, left: Node<K> | null, right: Node<K> | null}} Node
 */

/**
 * Distinct keys in order. Operations take O(height); the tree does not balance itself.
 *
 * @template {number | string} K
 */
export class BinarySearchTree {
  /** @type {Node<K> | null} */
  #root = null;
  #size = 0;

  /** Number of keys. */
  get size() {
    return this.#size;
  }

  /** Yields the keys in ascending order. */
  *[Symbol.iterator]() {
    /** @type {Array<Node<K>>} */
    const path = [];
    let node = this.#root;
    while (path.length > 0 || node !== null) {
      while (node !== null) {
        path.push(node);
        node = node.left;
      }
      const next = /** @type {Node<K>} */ (path.pop());
      yield next.key;
      node = next.right;
    }
  }

  /**
   * Says whether the key is in the tree.
   *
   * @param {K} key
   * @returns {boolean}
   */
  has(key) {
    let node = this.#root;
    while (node !== null && node.key !== key) {
      node = key < node.key ? node.left : node.right;
    }
    return node !== null;
  }

  /**
   * Adds a key; false if it was there already.
   *
   * @param {K} key
   * @returns {boolean}
   */
  insert(key) {
    if (this.has(key)) {
      return false;
    }
    this.#root = inserted(this.#root, key);
    this.#size += 1;
    return true;
  }

  /**
   * Removes a key; false if it was not there.
   *
   * @param {K} key
   * @returns {boolean}
   */
  remove(key) {
    if (!this.has(key)) {
      return false;
    }
    this.#root = removed(this.#root, key);
    this.#size -= 1;
    return true;
  }
}

/**
 * @template {number | string} K
 * @param {Node<K> | null} node
 * @param {K} key
 * @returns {Node<K>}
 */
function inserted(node, key) {
  if (node === null) {
    return { key, left: null, right: null };
  }
  if (key < node.key) {
    node.left = inserted(node.left, key);
  } else {
    node.right = inserted(node.right, key);
  }
  return node;
}

/**
 * @template {number | string} K
 * @param {Node<K> | null} node
 * @param {K} key
 * @returns {Node<K> | null}
 */
function removed(node, key) {
  if (node === null) {
    return null;
  }
  if (key < node.key) {
    node.left = removed(node.left, key);
  } else if (key > node.key) {
    node.right = removed(node.right, key);
  } else if (node.left === null) {
    return node.right;
  } else if (node.right === null) {
    return node.left;
  } else {
    // Two children: the smallest key of the right part takes this place.
    let successor = node.right;
    while (successor.left !== null) {
      successor = successor.left;
    }
    node.key = successor.key;
    node.right = removed(node.right, successor.key);
  }
  return node;
}
