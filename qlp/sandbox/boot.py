"""How the runner gets into a sandbox: its sources travel as the first bytes of stdin.

No image carries the runner and nothing is bind-mounted, so that any image with Python 3.9 or later and any engine,
local or remote, will do.
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files

_MODULES = (
    "frames", "paths", "kernel", "loop", "memory", "postcheck", "capture", "become", "supervisor", "command", "probe",
    "layout", "interpreter", "init", "job", "runner",
)  # fmt: skip
"""In the order in which they import each other."""

_LOADER = """
import json, os, sys, types
def take(n):
    data = b""
    while len(data) < n:
        more = os.read(0, n - len(data))
        if not more: sys.exit(3)
        data += more
    return data
for name, source in json.loads(take(int(take(10)))):
    module = sys.modules[name] = types.ModuleType(name)
    module.__path__ = []
    exec(compile(source, name, "exec"), module.__dict__)
    parent, _, child = name.rpartition(".")
    if parent: setattr(sys.modules[parent], child, module)
sys.modules["qlp.sandbox.inside.runner"].main()
"""

COMMAND = ("python3", "-I", "-S", "-B", "-c", _LOADER)
"""argv of process 1: isolated from the environment, without site packages, writing no bytecode."""


@functools.cache
def bundle() -> bytes:
    """What the loader reads: ten digits, then [[module name, source], ...] as JSON."""
    folder = files("qlp.sandbox").joinpath("inside")
    sources = [(name, "") for name in ("qlp", "qlp.sandbox", "qlp.sandbox.inside")]
    sources += [(f"qlp.sandbox.inside.{m}", folder.joinpath(f"{m}.py").read_text("utf-8")) for m in _MODULES]
    body = json.dumps(sources).encode()
    return b"%010d" % len(body) + body
