"""What must survive a crash: runs, their event log, API keys and idempotency keys, in one SQL database.

SQLite in `$QLP_HOME/store/qlp.db` by default; the URL is the only thing that changes for another database.
"""

from qlp.store.engine import Database, sqlite_url
from qlp.store.events import EventStore
from qlp.store.keys import KeyStore
from qlp.store.runs import Claim, RunPage, RunStore

__all__ = ["Claim", "Database", "EventStore", "KeyStore", "RunPage", "RunStore", "sqlite_url"]
