import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import LRUCache

OPERATIONS = st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers()), max_size=60)


def test_the_least_recently_used_entry_goes() -> None:
    cache = LRUCache[str, int](2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert ("a" in cache, "b" in cache, "c" in cache) == (True, False, True)
    assert cache.get("b") is None
    assert cache.get("b", 7) == 7


@given(st.integers(1, 4), OPERATIONS)
def test_random_use_agrees_with_a_list(
    capacity: int, operations: list[tuple[bool, int, int]]
) -> None:
    cache = LRUCache[int, int](capacity)
    model: list[tuple[int, int]] = []  # the most recently used last
    for putting, key, value in operations:
        known = next((pair for pair in model if pair[0] == key), None)
        if putting:
            cache.put(key, value)
            model = [*(pair for pair in model if pair != known), (key, value)][-capacity:]
        else:
            assert cache.get(key) == (known[1] if known else None)
            if known:
                model = [*(pair for pair in model if pair != known), known]
        assert len(cache) == len(model)
        assert all((k in cache) == any(k == kept for kept, _ in model) for k in range(6))


@given(st.integers(max_value=0))
def test_a_cache_needs_room(capacity: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        LRUCache[str, int](capacity)
