import os
import subprocess
import sys
from pathlib import Path

import pytest

from qlp.sandbox.ownership import Owner, Register, home_id

pytestmark = pytest.mark.unit


def test_a_living_owner_is_alive_and_a_closed_one_is_not(tmp_path: Path) -> None:
    one, two = Owner(tmp_path), Owner(tmp_path)
    assert one.alive(two.id)
    assert two.alive(one.id)
    two.close()
    assert not one.alive(two.id)
    assert not one.alive("never")
    assert not one.alive("../../etc/passwd")
    one.close()


def test_a_killed_process_is_a_dead_owner(tmp_path: Path) -> None:
    code = "import sys,pathlib,time\nfrom qlp.sandbox.ownership import Owner\no=Owner(pathlib.Path(sys.argv[1]));print(o.id,flush=True);time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    dead = process.stdout.readline().strip()
    mine = Owner(tmp_path)
    assert mine.alive(dead)
    process.kill()
    process.wait()
    process.stdout.close()
    assert not mine.alive(dead)
    mine.forget_dead()
    assert os.listdir(mine.folder) == [mine.id]
    mine.close()


def test_homes_are_told_apart(tmp_path: Path) -> None:
    assert home_id(tmp_path) != home_id(tmp_path / "x")
    assert home_id(tmp_path) == home_id(tmp_path / "x" / "..")


def test_a_lock_that_was_given_away_lives_as_long_as_its_copy(tmp_path: Path) -> None:
    register = Register(tmp_path)
    lease = Owner(register)
    copy = os.dup(lease.fd)
    lease.give_away()
    assert register.alive(lease.id)
    os.close(copy)
    assert not register.alive(lease.id)
    register.forget_dead()
    assert os.listdir(register.folder) == []
    register.close()


def test_what_a_killed_maker_left_half_made_is_forgotten(tmp_path: Path) -> None:
    register = Register(tmp_path)
    fresh, old = register.folder / ".fresh", register.folder / ".old"
    for file in (fresh, old):
        file.touch()
    os.utime(old, (1, 1))
    register.forget_dead()
    assert os.listdir(register.folder) == [".fresh"]
    register.close()


def test_a_lock_that_we_may_not_read_is_somebodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register = Register(tmp_path)

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    assert register.alive("a1")
