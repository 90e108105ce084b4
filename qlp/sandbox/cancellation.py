"""Finishing what must be finished, whoever cancels meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def to_the_end(work: Awaitable[T]) -> T:
    """Await `work` to its end even if we are cancelled (once or often), then raise the cancellation.

    For making and destroying sandboxes: one that is half made when its maker is cancelled must not be lost.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # seen: the cancellation is what the caller asked for
    raise cancelled


async def undone_if_cancelled(work: Awaitable[T], undo: Callable[[T], Awaitable[object]]) -> T:
    """The result of `work`; if we are cancelled meanwhile, `work` is awaited, its result undone, and then we are."""
    task = asyncio.ensure_future(work)
    try:
        return await to_the_end(task)
    except asyncio.CancelledError:
        if not task.cancelled() and task.exception() is None:
            await to_the_end(undo(task.result()))
        raise
