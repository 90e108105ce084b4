"""One holder a key: among threads, and when a holder is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from qlp.store.file_lease import take

pytestmark = pytest.mark.unit


def test_a_key_has_one_holder_and_leaves_no_file(tmp_path: Path) -> None:
    lease = take(tmp_path, "k")
    assert lease is not None
    assert take(tmp_path, "k") is None
    other = take(tmp_path, "l")
    assert other is not None
    other.release()
    lease.release()
    again = take(tmp_path, "k")
    assert again is not None
    again.release()
    assert list(tmp_path.iterdir()) == []


def test_never_two_holders_while_files_come_and_go(tmp_path: Path) -> None:
    inside, most, taken = 0, 0, 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most, taken
        for _ in range(300):
            lease = take(tmp_path, "k")
            if lease is None:
                continue
            with guard:
                inside += 1
                taken += 1
                most = max(most, inside)
            with guard:
                inside -= 1
            lease.release()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert taken > 0


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from qlp.store.file_lease import take\n"
        "lease = take(Path(sys.argv[1]), 'k'); print('held', flush=True); time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert take(tmp_path, "k") is None
    finally:
        holder.kill()
        holder.communicate()
    lease = take(tmp_path, "k")
    assert lease is not None
    lease.release()
