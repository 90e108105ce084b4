"""`qlp up | down | status`"""

from __future__ import annotations

from qlp.cli import exit_codes
from qlp.cli.screen import err, out, print_json
from qlp.config import Settings
from qlp.plugins import launcher


def bring_up(*, as_json: bool) -> None:
    err().print("starting the cluster")
    launched = launcher().up(Settings())
    if as_json:
        print_json(launched.model_dump(mode="json"))
        return
    out().print(f"url        {launched.url}", markup=False)
    if launched.api_key is not None:
        out().print(f"api key    {launched.api_key}   (shown once; only its hash is kept)", markup=False)
    out().print(f"docs       {launched.url}/docs", markup=False)


def bring_down(*, as_json: bool) -> None:
    stopped = launcher().down(Settings())
    if as_json:
        print_json({"stopped": stopped})
    else:
        out().print("stopped" if stopped else "nothing was running")


def show_status(*, as_json: bool) -> int:
    status = launcher().status(Settings())
    if as_json:
        print_json(status.model_dump(mode="json"))
    else:
        out().print(f"running at {status.url}" if status.running else "not running: qlp up", markup=False)
        for part, state in status.parts.items():
            out().print(f"  {part:<10} {state}", markup=False)
    return exit_codes.VERIFIED if status.running else exit_codes.FAILED
