"""Entry of the archive: `security.pyz rules|bandit|secrets|dependencies`, the paths as JSON on standard input."""

from __future__ import annotations

import sys
import threading
from importlib.resources import files
from typing import Any

_STACK_BYTES = 256 * 1024 * 1024


def _yaml(name: str) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(files("inside").joinpath("data", *name.split("/")).read_bytes(), Loader=loader)  # nosec B506


def _rules() -> None:
    from . import rules, scan

    rows: list[dict[str, Any]] = []
    for entry in sorted(files("inside").joinpath("data", "rules").iterdir(), key=lambda e: e.name):
        rows += _yaml(f"rules/{entry.name}")
    sources = _yaml("sources.yaml")
    common = sources.pop("common")
    merged = {name: {**common, **facts} for name, facts in sources.items()}
    scan.main(rules.load(rows, merged))


def _run(command: str) -> None:
    if command == "rules":
        _rules()
    elif command == "bandit":
        from . import bandit_check

        bandit_check.main(_yaml("bandit.yaml"))
    elif command == "secrets":
        from . import secrets

        secrets.main(_yaml("secrets.yaml"))
    elif command == "dependencies":
        from . import dependencies

        dependencies.main(files("inside").joinpath("data", "packages"))
    else:
        raise SystemExit(f"no such command: {command!r}")


def main() -> int:
    """Run with a deep stack: syntax trees of odd programs are deep. The exit code is 1 if the work raised."""
    failed: list[BaseException] = []

    def work() -> None:
        try:
            _run(sys.argv[1] if len(sys.argv) > 1 else "")
        except BaseException as error:  # noqa: BLE001 - the thread's boundary: raised again below
            failed.append(error)

    sys.setrecursionlimit(20_000)
    threading.stack_size(_STACK_BYTES)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return 0
