from hypothesis import given
from hypothesis import strategies as st

from functions import Trie

WORDS = st.lists(st.text("abc", max_size=5), max_size=15)


@given(WORDS, st.text("abc", max_size=4))
def test_agrees_with_a_list_of_words(words: list[str], prefix: str) -> None:
    trie = Trie()
    for word in words:
        trie.insert(word)
    found = sorted({word for word in words if word.startswith(prefix)})
    assert list(trie.words(prefix)) == found
    assert trie.starts_with(prefix) == bool(found)
    assert (prefix in trie) == (prefix in words)


def test_prefixes_are_no_words() -> None:
    trie = Trie()
    trie.insert("card")
    assert "card" in trie
    assert "car" not in trie
    assert "cards" not in trie
    assert trie.starts_with("car")
    assert not trie.starts_with("cat")
