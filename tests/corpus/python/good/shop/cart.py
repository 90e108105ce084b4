"""What a customer is going to buy."""

from dataclasses import dataclass

DISCOUNT_FROM = 10
DISCOUNT_PERCENT = 5


@dataclass(frozen=True)
class Item:
    """One line of a cart; the price is in cents."""

    name: str
    price: int
    quantity: int = 1


class Cart:
    """Items in the order in which they were added."""

    def __init__(self, items: list[Item] | None = None) -> None:
        self._items = list(items) if items is not None else []

    def add(self, item: Item) -> None:
        """Raises ValueError for a quantity below one."""
        if item.quantity < 1:
            raise ValueError("quantity must be positive")
        self._items.append(item)

    def remove(self, name: str) -> bool:
        """Whether anything of that name was there."""
        before = len(self._items)
        self._items = [item for item in self._items if item.name != name]
        return len(self._items) != before

    def count(self) -> int:
        return sum(item.quantity for item in self._items)

    def total(self) -> int:
        """In cents; from ten pieces on five per cent are taken off."""
        full = sum(item.price * item.quantity for item in self._items)
        if self.count() >= DISCOUNT_FROM:
            return full * (100 - DISCOUNT_PERCENT) // 100
        return full

    def most_expensive(self, limit: int) -> list[str]:
        """Names by falling price, those of the same price by name."""
        ranked = sorted(self._items, key=lambda item: (-item.price, item.name))
        return [item.name for item in ranked[:limit]]

    def find(self, name: str) -> Item | None:
        for item in self._items:
            if item.name == name:
                return item
        return None
