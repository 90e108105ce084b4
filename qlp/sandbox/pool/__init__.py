"""Warm sandboxes, each bound to one tenant, behind a bounded and fair queue: who meets whom is decided here."""

from qlp.sandbox.pool.pool import Pool

__all__ = ["Pool"]
