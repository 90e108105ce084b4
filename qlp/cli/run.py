"""`qlp run`: submit a request, watch it, save what it made."""

from __future__ import annotations

import asyncio
import signal
import statistics
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from qlp.capsule import extract, read_capsule
from qlp.capsule.atomic import write_atomically
from qlp.cli import exit_codes
from qlp.cli.progress import LiveRun
from qlp.cli.screen import err, print_json
from qlp.cli.session import run_client
from qlp.cli.verdict import show_outcome
from qlp.client.protocol import RunClient
from qlp.config import Settings
from qlp.errors import InputError
from qlp.models import Request, Run

_CANCEL_WITHIN_S = 15.0


def read_request(text: str | None, file: Path | None) -> str:
    """The words of the argument, or the text of `--file` (`-` is stdin). Raises InputError."""
    if (text is None) == (file is None):
        raise InputError('give the request as one argument in quotes, or by --file: qlp run "Build a REST API for ..."')
    if file is None:
        return text or ""
    import sys

    raw = sys.stdin.buffer.read() if str(file) == "-" else _read(file)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8 text: say in plain language what to build") from None


def read_tests(paths: Sequence[Path]) -> dict[str, str]:
    """Test files given by the user, keyed by file name."""
    try:
        return {p.name: _read(p).decode("utf-8") for p in paths}
    except UnicodeDecodeError as error:
        raise InputError(f"a test file is not UTF-8 text: {error}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


async def run_request(request: Request, settings: Settings, out: Path | None, *, as_json: bool) -> int:
    """Submit and follow; returns the exit code."""
    async with run_client(settings, start=True) as client:
        submitted = await client.submit(request)
        return await follow(client, submitted.id, out, as_json=as_json)


async def resume_run(
    run_id: str, settings: Settings, out: Path | None, *, as_json: bool, max_cost: str | None = None
) -> int:
    """Go on with a run and follow what is new. A run that nobody ended, because its worker died, is shown whole."""
    try:
        cap = None if max_cost is None else Decimal(max_cost)
    except ArithmeticError as error:
        raise InputError(_plain(error)) from None
    async with run_client(settings, start=True) as client:
        seen = 0
        if (await client.get(run_id)).status in ("cancelled", "failed", "completed", "input_required"):
            async for event in client.events(run_id):
                seen = event.sequence_number
        await client.resume(run_id, max_cost_usd=cap)
        return await follow(client, run_id, out, as_json=as_json, after=seen)


async def follow(client: RunClient, run_id: str, out: Path | None, *, as_json: bool, after: int = 0) -> int:
    """Show events until the run ends; Ctrl-C cancels it and ends with 130."""
    history = await _history(client)
    watching = asyncio.ensure_future(_watch(client, run_id, history, after))
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted.set)
    try:
        waiting = asyncio.ensure_future(interrupted.wait())
        await asyncio.wait({watching, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if interrupted.is_set() and not watching.done():
            return await _cancel(client, run_id, watching)
        await watching
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return await _finish(client, await client.get(run_id), out, as_json=as_json)


async def _watch(client: RunClient, run_id: str, history: Callable[[str], str], after: int) -> None:
    with LiveRun(history=history) as live:
        async for event in client.events(run_id, after=after):
            live.show(event)


async def _cancel(client: RunClient, run_id: str, watching: asyncio.Future[None]) -> int:
    err().print("interrupted: cancelling the run", markup=False)
    await client.cancel(run_id)
    done, _ = await asyncio.wait({watching}, timeout=_CANCEL_WITHIN_S)
    if not done:
        watching.cancel()
        err().print(f"the run did not confirm within {_CANCEL_WITHIN_S:.0f} s", markup=False)
    err().print(f"go on with it: qlp runs resume {run_id}", markup=False)
    return exit_codes.INTERRUPTED


async def _history(client: RunClient) -> Callable[[str], str]:
    """Median duration of earlier finished runs by generator, as words."""
    took: dict[str, list[float]] = {}
    for run in await client.list(limit=50):
        if run.outcome is not None:
            took.setdefault(run.outcome.generator, []).append(sum(run.outcome.timings.values()))

    def words(generator: str) -> str:
        seconds = took.get(generator)
        if not seconds:
            return ""
        return f"about {statistics.median(seconds):.0f} s (median of {len(seconds)} earlier runs of its kind)"

    return words


async def _finish(client: RunClient, run: Run, out: Path | None, *, as_json: bool) -> int:
    capsule = project = None
    if run.outcome is not None and out is not None:
        capsule, project = save(await client.capsule(run.id), run.outcome.capsule, out)
    if as_json:
        saved = {"capsule_path": str(capsule), "project_path": str(project)} if capsule else {}
        print_json({**run.model_dump(mode="json"), **saved})
    elif run.problem is not None:
        err().print(f"[bold red]{run.problem.code}[/]: ", end="")
        err().print(run.problem.detail, markup=False)
    elif run.outcome is not None:
        show_outcome(run.outcome, capsule, project)
    return exit_codes.of_run(run)


def save(capsule: bytes, name: str, out: Path) -> tuple[Path, Path]:
    """Write the capsule and its unpacked project into `out`; returns both paths. Raises StorageError."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / name
    write_atomically(path, capsule)
    project = out / name.removesuffix(".zip")
    extract(read_capsule(path), project, overwrite=True)
    return path, project


def make_request(
    text: str,
    language: str | None,
    tests: Sequence[Path],
    tier: str | None,
    max_cost: str | None,
    deadline: float | None,
    policy: str | None = None,
) -> Request:
    """Raises InputError with what is wrong and what is allowed."""
    from pydantic import ValidationError

    try:
        return Request(
            text=text,
            language=language,
            tests=read_tests(tests),
            tier=tier,
            max_cost_usd=Decimal(max_cost) if max_cost is not None else None,
            deadline_s=deadline,
            policy=policy,
        )
    except (ValidationError, ArithmeticError) as error:
        raise InputError(_plain(error)) from None


def _plain(error: Exception) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return "--max-cost is not an amount of money: write it as 0.50"
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
