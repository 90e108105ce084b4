"""Verdicts answered again: when they may be, what is never kept, how a damaged or full store behaves."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qlp.config import Settings, ValidationSettings
from qlp.models import ProjectCommand, StageResult, Verdict
from qlp.sandbox.protocol import Command, ExecResult
from qlp.validation import load_policy, open_verdict_cache, validator
from qlp.validation.verdict_store import VerdictStore
from tests.support.fake_tools import FILES, ToolBackend, check, contract, ended, toolchain

pytestmark = pytest.mark.unit

TEST = ProjectCommand(purpose="test", argv=("test",))
MAIN = toolchain("main", "one", {"syntax": (check("parse"),), "tests": (check("test"),)}, main=True)
SCAN = toolchain("scan", "three", {"security": (check("scan"),)})


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validator, "toolchains", lambda: (MAIN, SCAN))
    monkeypatch.setattr(validator, "main_toolchain", lambda language: MAIN)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[VerdictStore]:
    made = VerdictStore(tmp_path / "verdicts.db", max_bytes=1_000_000)
    yield made
    made.close()


async def ask(backend: ToolBackend, store: VerdictStore, **more: Any) -> Verdict:
    files = more.pop("files", FILES)
    asked = more.pop("contract", contract(TEST))
    return await validator.validate_project(files, asked, backend, cache=store, **more)


async def test_the_same_question_is_answered_without_a_sandbox(store: VerdictStore) -> None:
    backend = ToolBackend()
    first = await ask(backend, store)
    opened = len(backend.opened)
    told: list[str] = []

    async def listen(stage: StageResult) -> None:
        told.append(stage.stage)

    again = await ask(backend, store, on_stage=listen)
    assert len(backend.opened) == opened
    assert first.cached_at is None
    assert again.cached_at is not None
    assert again.model_copy(update={"cached_at": None}) == first
    assert told == [s.stage for s in first.stages]


async def test_another_process_finds_it_too(store: VerdictStore, tmp_path: Path) -> None:
    await ask(ToolBackend(), store)
    other = VerdictStore(tmp_path / "verdicts.db", max_bytes=1_000_000)
    backend = ToolBackend()
    assert (await ask(backend, other)).cached_at is not None
    assert backend.opened == []
    other.close()


@pytest.mark.parametrize(
    "change",
    [
        {"files": (FILES[0].model_copy(update={"content": "x = 2\n"}), FILES[1])},
        {"files": (FILES[0].model_copy(update={"executable": True}), FILES[1])},
        {"contract": contract(TEST, notes="other")},
        {"policy": load_policy("prototype")},
        {"stages": ("syntax",)},
        {"tenant": "another"},
        {"scope": "run 7"},
        {"public": True},
    ],
    ids=["content", "executable", "contract", "policy", "stages", "tenant", "scope", "public"],
)
async def test_another_question_is_asked_of_the_tools(store: VerdictStore, change: dict[str, Any]) -> None:
    await ask(ToolBackend(), store)
    assert (await ask(ToolBackend(), store, **change)).cached_at is None


async def test_public_content_is_shared_between_tenants(store: VerdictStore) -> None:
    await ask(ToolBackend(), store, tenant="a", public=True)
    assert (await ask(ToolBackend(), store, tenant="b", public=True)).cached_at is not None
    assert (await ask(ToolBackend(), store, tenant="b")).cached_at is None


async def test_another_image_version_or_rule_is_another_toolchain(
    store: VerdictStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await ask(ToolBackend(), store)
    newer = ToolBackend()
    newer.images = {**newer.images, "one": "sha256:9"}
    other = await ask(newer, store)
    assert other.cached_at is None
    assert other.toolchain_digest != first.toolchain_digest
    ruled = toolchain("scan", "three", {"security": (check("scan"),)})
    ruled.support[".qlp/rules.yaml"] = b"more"  # type: ignore[index]
    monkeypatch.setattr(validator, "toolchains", lambda: (MAIN, ruled))
    assert (await ask(ToolBackend(), store)).cached_at is None


async def test_an_image_that_comes_later_is_noticed(store: VerdictStore) -> None:
    without = ToolBackend()
    without.missing = {"three"}
    await ask(without, store)
    assert (await ask(without, store)).cached_at is not None
    full = await ask(ToolBackend(), store)
    assert full.cached_at is None
    security = full.stage("security")
    assert security is not None
    assert security.status == "passed"


@pytest.mark.parametrize("how", [{"timed_out": True}, {"oom": True}, {"truncated": True}])
async def test_what_a_busy_machine_may_have_caused_is_not_kept(store: VerdictStore, how: dict[str, bool]) -> None:
    backend = ToolBackend()

    async def unlucky(profile: str, command: Command) -> ExecResult:
        return ended(1, signal=None, **(how if command.argv[0] in ("parse", "test") else {}))

    backend.answer = unlucky
    await ask(backend, store)
    assert (await ask(backend, store)).cached_at is None


async def test_a_failed_verdict_is_kept_as_well(store: VerdictStore) -> None:
    backend = ToolBackend()

    async def wrong(profile: str, command: Command) -> ExecResult:
        return ended(1 if command.argv[0] == "test" else 0)

    backend.answer = wrong
    assert not (await ask(backend, store)).verified
    again = await ask(backend, store)
    assert again.cached_at is not None
    assert not again.verified


async def test_equal_questions_at_the_same_time_are_worked_on_once(store: VerdictStore) -> None:
    backend = ToolBackend()
    heard: list[list[str]] = [[] for _ in range(20)]

    async def one(n: int) -> Verdict:
        async def listen(stage: StageResult) -> None:
            heard[n].append(stage.stage)

        return await ask(backend, store, on_stage=listen)

    verdicts = await asyncio.gather(*(one(n) for n in range(20)))
    assert len(backend.opened) == 2
    assert len({v.model_dump_json() for v in verdicts}) == 1
    assert all(sorted(stages) == sorted(heard[0]) and len(stages) == 6 for stages in heard)


async def test_who_gives_up_does_not_take_the_others_with_him(store: VerdictStore) -> None:
    backend = ToolBackend()
    running, go_on = asyncio.Event(), asyncio.Event()

    async def wait(profile: str, command: Command) -> ExecResult:
        running.set()
        await go_on.wait()
        return ended()

    backend.answer = wait
    first, second = (asyncio.create_task(ask(backend, store)) for _ in range(2))
    await running.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go_on.set()
    assert (await second).verified
    assert len(backend.opened) == 2


async def test_with_the_last_who_waits_the_work_ends(store: VerdictStore) -> None:
    backend = ToolBackend()
    running = asyncio.Event()

    async def for_ever(profile: str, command: Command) -> ExecResult:
        running.set()
        await asyncio.sleep(3600)
        raise AssertionError("unreachable")

    backend.answer = for_ever
    both = [asyncio.create_task(ask(backend, store)) for _ in range(2)]
    await running.wait()
    for task in both:
        task.cancel()
    assert all(isinstance(r, asyncio.CancelledError) for r in await asyncio.gather(*both, return_exceptions=True))
    assert backend.open_now == 0


async def test_an_error_reaches_everybody_and_is_not_kept(store: VerdictStore) -> None:
    backend = ToolBackend()
    backend.missing = {"one"}
    answers = await asyncio.gather(*(ask(backend, store) for _ in range(3)), return_exceptions=True)
    assert all("build one" in str(a) for a in answers)
    backend.missing = set()
    assert (await ask(backend, store)).verified


def verdict(n: int, size: int = 0) -> Verdict:
    import random

    noise = "".join(random.Random(n).choices("abcdefghijklmnop0123456789", k=size))
    stage = StageResult(stage="syntax", status="passed", reason=noise)
    return Verdict(input_digest=f"sha256:{n}", stages=(stage,), required=(), verified=False)


async def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    now = iter(range(1000))
    store = VerdictStore(tmp_path / "v.db", max_bytes=40_000, clock=lambda: float(next(now)))
    for n in range(20):
        await store.put(str(n), verdict(n, 6_000))
        await store.get("0")
    kept = [n for n in range(20) if await store.get(str(n)) is not None]
    assert 0 in kept
    assert 19 in kept
    assert 1 not in kept
    held = sqlite3.connect(tmp_path / "v.db").execute("SELECT SUM(size) FROM verdicts").fetchone()[0]
    assert held <= 40_000
    await store.put("large", verdict(99, 60_000))
    assert await store.get("large") is None
    store.close()


async def test_a_damaged_entry_is_dropped(store: VerdictStore, tmp_path: Path) -> None:
    await store.put("k", verdict(1, 500))
    assert await store.get("k") is not None
    with sqlite3.connect(tmp_path / "verdicts.db") as db:
        body = bytearray(db.execute("SELECT body FROM verdicts").fetchone()[0])
        body[len(body) // 2] ^= 1
        db.execute("UPDATE verdicts SET body = ?", (bytes(body),))
    assert await store.get("k") is None
    with sqlite3.connect(tmp_path / "verdicts.db") as db:
        assert db.execute("SELECT COUNT(*) FROM verdicts").fetchone() == (0,)


async def test_an_entry_under_another_key_is_not_believed(store: VerdictStore, tmp_path: Path) -> None:
    await store.put("k", verdict(1))
    with sqlite3.connect(tmp_path / "verdicts.db") as db:
        db.execute("UPDATE verdicts SET key = 'other'")
    assert await store.get("other") is None


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b""], ids=["garbage", "empty"])
async def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "v.db"
    file.write_bytes(content)
    store = VerdictStore(file, max_bytes=1_000_000)
    assert await store.get("k") is None
    await store.put("k", verdict(1))
    assert await store.get("k") is not None
    store.close()


async def test_a_place_that_cannot_be_written_costs_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = VerdictStore(tmp_path / "file" / "v.db", max_bytes=1_000_000)
    assert (await ask(ToolBackend(), store)).verified


def test_a_cache_of_no_size_is_none(tmp_path: Path) -> None:
    assert open_verdict_cache(Settings(home=tmp_path, validation=ValidationSettings(cache_mb=0))) is None
    assert open_verdict_cache(Settings(home=tmp_path)) is not None
