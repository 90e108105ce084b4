import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { Trie } from "./javascript.mjs";

const word = fc.array(fc.constantFrom(..."abc"), { maxLength: 5 }).map((c) => c.join(""));

test("agrees with a list of words", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 15 }), word, (words, prefix) => {
      const trie = new Trie();
      words.forEach((w) => trie.insert(w));
      const found = [...new Set(words.filter((w) => w.startsWith(prefix)))].sort();
      assert.deepEqual([...trie.words(prefix)], found);
      assert.equal(trie.startsWith(prefix), found.length > 0);
      assert.equal(trie.has(prefix), words.includes(prefix));
    }),
  );
});

test("prefixes are no words", () => {
  const trie = new Trie();
  trie.insert("card");
  assert.deepEqual(
    ["card", "car", "cards"].map((w) => trie.has(w)),
    [true, false, false],
  );
  assert.equal(trie.startsWith("car"), true);
  assert.equal(trie.startsWith("cat"), false);
});
