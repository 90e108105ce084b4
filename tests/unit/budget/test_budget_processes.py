"""Four processes with fifty callers each over one database, one of them killed -9 in the middle of its calls."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from qlp.budget import Call, Ledger, Spender
from qlp.budget.tables import spend
from qlp.errors import BudgetExceededError
from qlp.models import Usage
from qlp.store.engine import Database, sqlite_url

PROCESSES, CALLERS = 4, 50
WORST, CAP = Decimal("0.05"), Decimal("2.00")
ROOT = Path(__file__).resolve().parents[3]


async def callers(home: Path, number: int) -> None:
    """Fifty at once. A line in charges.log is money that the provider took."""
    ledger = Ledger(Database(sqlite_url(home)))
    charges = os.open(home / "charges.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def one(caller: int) -> None:
        spender = Spender(tenant="t", api_key=f"k{number}")
        call = Call(run_id="r", key=f"{number}:{caller}", attempt="1", model="m", spender=spender)
        try:
            kept = await ledger.reserve(call, WORST, cap=CAP)
        except BudgetExceededError:
            return
        cost = WORST * (caller % 5 + 1) / 5
        os.write(charges, f"{cost}\n".encode())
        await asyncio.sleep(0)
        await ledger.settle(kept, Usage(calls=1, cost_usd=cost))

    await asyncio.gather(*(one(caller) for caller in range(CALLERS)))


def work(home: Path) -> None:
    """Forks the processes, tells who they are, and how they ended."""
    children = []
    for number in range(PROCESSES):
        pid = os.fork()
        if pid == 0:
            asyncio.run(callers(home, number))
            while not (home / "killed").exists():  # the one that is to be killed must still be there
                time.sleep(0.005)
            os._exit(0)
        children.append(pid)
    sys.stdout.write(json.dumps(children) + "\n")
    sys.stdout.flush()
    sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]))


def charged(home: Path) -> list[Decimal]:
    log = home / "charges.log"
    return [Decimal(line) for line in log.read_text().split()] if log.exists() else []


def test_four_processes_and_a_kill_9_never_overshoot(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    ledger = Ledger(database)
    command = [sys.executable, "-m", "tests.unit.budget.test_budget_processes", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = json.loads(parent.stdout.readline())
        while len(charged(tmp_path)) < 10 and parent.poll() is None:
            time.sleep(0.002)
        os.kill(children[0], signal.SIGKILL)
        (tmp_path / "killed").touch()
        ends = json.loads(parent.communicate(timeout=120)[0])
    assert ends == [-signal.SIGKILL, 0, 0, 0]
    held = asyncio.run(ledger.spent("r"))
    took = charged(tmp_path)
    assert sum(took, Decimal(0)) <= held <= CAP
    counted = sa.select(spend.c.state, sa.func.count().label("n")).group_by(spend.c.state)
    states = database.read_now(lambda connection: {row.state: row.n for row in connection.execute(counted)})
    assert set(states) <= {"settled", "reserved"}
    assert CAP / WORST <= sum(states.values()) < PROCESSES * CALLERS  # the cap was reached
    assert asyncio.run(ledger.drift()) == {}
    database.close()


if __name__ == "__main__":
    work(Path(sys.argv[1]))
