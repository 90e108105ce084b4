"""Clients of the runs API."""

from qlp.client.http import HttpRunClient
from qlp.client.protocol import RunClient

__all__ = ["HttpRunClient", "RunClient"]
