class Node {
  /** @type {Map<string, Node>} */
  children = new Map();
  isWord = false;
}

/** Words by their letters: look-up by word and by prefix takes time by its length. */
export class Trie {
  #root = new Node();

  /**
   * Adds a word; adding it again changes nothing.
   *
   * @param {string} word
   */
  insert(word) {
    let node = this.#root;
    for (const letter of word) {
      let child = node.children.get(letter);
      if (child === undefined) {
        child = new Node();
        node.children.set(letter, child);
      }
      node = child;
    }
    node.isWord = true;
  }

  /**
   * Says whether the word was added.
   *
   * @param {string} word
   * @returns {boolean}
   */
  has(word) {
    return this.#find(word)?.isWord ?? false;
  }

  /**
   * Says whether a word starts with the prefix.
   *
   * @param {string} prefix
   * @returns {boolean}
   */
  startsWith(prefix) {
    return !this.words(prefix).next().done;
  }

  /**
   * Yields the words that start with the prefix, in alphabetical order (by code point).
   *
   * @param {string} prefix
   * @returns {Generator<string, void>}
   */
  *words(prefix = "") {
    const start = this.#find(prefix);
    const waiting = start === undefined ? [] : [{ word: prefix, node: start }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { word, node } = next;
      if (node.isWord) {
        yield word;
      }
      const letters = [...node.children.keys()];
      letters.sort((a, b) => Number(b.codePointAt(0)) - Number(a.codePointAt(0)));
      for (const letter of letters) {
        waiting.push({ word: word + letter, node: /** @type {Node} */ (node.children.get(letter)) });
      }
    }
  }

  /**
   * @param {string} prefix
   * @returns {Node | undefined}
   */
  #find(prefix) {
    /** @type {Node | undefined} */
    let node = this.#root;
    for (const letter of prefix) {
      node = node?.children.get(letter);
    }
    return node;
  }
}
