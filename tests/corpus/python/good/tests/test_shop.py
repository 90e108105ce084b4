import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from shop import Cart, GatewayError, Item, due_date, is_overdue, pay_all, split_evenly, to_cents, with_retries
from shop.dates import is_leap


def cart() -> Cart:
    made = Cart()
    made.add(Item("pen", 120, 2))
    made.add(Item("ink", 900))
    return made


@pytest.mark.parametrize(("text", "cents"), [("1", 100), (" 12.345 ", 1235), ("0.145", 15), ("1.1", 110), ("-1", -100)])
def test_amounts(text: str, cents: int) -> None:
    assert to_cents(text) == cents


def test_what_is_no_amount() -> None:
    with pytest.raises(ValueError, match="not an amount"):
        to_cents("ten")


def test_parts_add_up() -> None:
    assert split_evenly(100, 3) == [34, 33, 33]
    assert split_evenly(5, 1) == [5]
    with pytest.raises(ValueError, match="at least one"):
        split_evenly(5, 0)


def test_total_and_discount() -> None:
    assert cart().total() == 1140
    many = Cart([Item("pen", 100, 9)])
    assert many.total() == 900
    many.add(Item("cap", 105))
    assert many.total() == 954


def test_carts_do_not_share_items() -> None:
    given = [Item("pen", 100)]
    first = Cart(given)
    first.add(Item("ink", 900))
    assert len(given) == 1
    Cart().add(Item("pen", 100))
    assert Cart().count() == 0


def test_quantity_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        cart().add(Item("cap", 100, 0))


def test_removing() -> None:
    full = cart()
    assert full.remove("pen")
    assert not full.remove("pen")
    assert full.count() == 1


def test_ranking() -> None:
    full = cart()
    full.add(Item("bag", 900))
    assert full.most_expensive(2) == ["bag", "ink"]
    assert full.most_expensive(9) == ["bag", "ink", "pen"]


def test_finding() -> None:
    found = cart().find("ink")
    assert found is not None
    assert found.price == 900
    assert cart().find("cap") is None


def test_due_dates_are_in_utc() -> None:
    ordered = datetime(2024, 2, 28, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    due = due_date(ordered, 1)
    assert due == datetime(2024, 3, 1, 23, 59, 59, tzinfo=UTC)
    assert not is_overdue(due, due)
    assert is_overdue(due, due + timedelta(seconds=1))


@pytest.mark.parametrize(("year", "leap"), [(2024, True), (2023, False), (1900, False), (2000, True)])
def test_leap_years(year: int, leap: bool) -> None:
    assert is_leap(year) is leap


def failing(times: int, answer: int) -> Callable[[], Awaitable[int]]:
    left = [times]

    async def call() -> int:
        if left[0]:
            left[0] -= 1
            raise GatewayError
        return answer

    return call


def test_retries() -> None:
    assert asyncio.run(with_retries(failing(2, 7))) == 7
    with pytest.raises(GatewayError):
        asyncio.run(with_retries(failing(3, 7)))


def test_all_are_paid_in_order() -> None:
    assert asyncio.run(pay_all([failing(2, 1), failing(0, 2)])) == [1, 2]
