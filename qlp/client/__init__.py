"""Clients of the HTTP API: `QLP` and `AsyncQLP` for programs, and the runs client of the command line."""

from qlp.client.http import HttpRunClient
from qlp.client.programs import Stream
from qlp.client.protocol import RunClient
from qlp.client.sandboxes import AsyncSandbox
from qlp.client.sdk import QLP, AsyncQLP, Pieces, Sandbox

__all__ = ["QLP", "AsyncQLP", "AsyncSandbox", "HttpRunClient", "Pieces", "RunClient", "Sandbox", "Stream"]
