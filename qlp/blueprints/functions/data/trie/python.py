"""A trie (prefix tree)."""

from __future__ import annotations

from collections.abc import Iterator


class _Node:
    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.is_word = False


class Trie:
    """Words by their letters: look-up by word and by prefix takes time by its length."""

    def __init__(self) -> None:
        self._root = _Node()

    def insert(self, word: str) -> None:
        """Add a word; adding it again changes nothing."""
        node = self._root
        for letter in word:
            node = node.children.setdefault(letter, _Node())
        node.is_word = True

    def __contains__(self, word: str) -> bool:
        node = self._find(word)
        return node is not None and node.is_word

    def starts_with(self, prefix: str) -> bool:
        """Return True if a word starts with the prefix."""
        return next(self.words(prefix), None) is not None

    def words(self, prefix: str = "") -> Iterator[str]:
        """Yield the words that start with the prefix, in alphabetical order (by code point)."""
        start = self._find(prefix)
        waiting = [(prefix, start)] if start is not None else []
        while waiting:
            word, node = waiting.pop()
            if node.is_word:
                yield word
            for letter in sorted(node.children, reverse=True):
                waiting.append((word + letter, node.children[letter]))

    def _find(self, prefix: str) -> _Node | None:
        node: _Node | None = self._root
        for letter in prefix:
            if node is None:
                return None
            node = node.children.get(letter)
        return node
