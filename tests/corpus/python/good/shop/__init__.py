"""A small shop: prices, a cart, due dates and a gateway that fails now and then."""

from shop.cart import Cart, Item
from shop.dates import due_date, is_overdue
from shop.gateway import GatewayError, pay_all, with_retries
from shop.money import split_evenly, to_cents

__all__ = [
    "Cart",
    "GatewayError",
    "Item",
    "due_date",
    "is_overdue",
    "pay_all",
    "split_evenly",
    "to_cents",
    "with_retries",
]
