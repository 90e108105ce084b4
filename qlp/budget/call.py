"""A model call as the ledger knows it: whose it is, and what was set aside for it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from qlp.models._base import Frozen

Scope = Literal["run", "key", "user", "tenant"]


class Spender(Frozen):
    """Who pays. Empty where it is not known: the ledger then asks the run."""

    tenant: str = ""
    api_key: str = ""
    """Id of the key, not the key."""
    user: str = ""


class Call(Frozen):
    """One attempt at a model call."""

    run_id: str
    """The run, or an id of another piece of work that a cap can hold for."""
    key: str
    """Idempotency key: the same for every attempt at the call."""
    attempt: str
    """Unique for each time that the call is really made."""
    model: str
    """`provider:model`."""
    task: str = ""
    tier: str = ""
    spender: Spender = Spender()

    @property
    def stored_key(self) -> str:
        """One key of the caller goes out to several models where there are fallbacks."""
        return f"{self.model}|{self.key}"[-255:]


class Reservation(Frozen):
    """What is set aside for a call, as stored."""

    id: int
    call: Call
    """With the spender filled in."""
    nano: int
    at: datetime


def task_of(run_id: str, key: str) -> str:
    """Task of a call by its key, `run:round:task:...` or `run:purpose:...`."""
    parts = key.removeprefix(f"{run_id}:").split(":")
    return (parts[1] if len(parts) > 1 and parts[0].isdigit() else parts[0])[:128]
