"""`python -m qlp.sandbox.daemon`: the same as `qlp sandboxd`."""

from __future__ import annotations

import sys

from qlp.sandbox.daemon.command import main

sys.exit(main())
