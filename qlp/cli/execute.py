"""`qlp exec FILE...`: one program in a sandbox, its output as it comes; by the running server, else in this process."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from qlp.cli import exit_codes
from qlp.cli.program_files import gather, inside, language_of
from qlp.cli.screen import err, print_json
from qlp.cli.session import server_of
from qlp.config import Settings
from qlp.errors import InputError, RequestTooLargeError, ServerUnreachableError
from qlp.models import LANGUAGES, Language
from qlp.models.execution import CommandResult, Execution
from qlp.sandbox.execution import ExecuteJob, execution, unknown_language
from qlp.sandbox.protocol import OutputListener, Stream
from qlp.sandbox.work import Done

MOST_STDIN = 16_777_216
OUTPUT_BYTES = 1_048_576


class Wishes(TypedDict):
    """The options of `qlp exec`."""

    files: Sequence[Path]
    rest: Sequence[str]
    """What follows `--`: arguments of the program, or with a profile the command."""
    language: str | None
    entry: str | None
    stdin: Path | None
    env: Sequence[str]
    fetch: Sequence[str]
    test: bool
    profile: str | None
    runtime: str | None
    strict: bool
    timeout: float


def execute_files(wishes: Wishes, out: Path, *, server: bool | None, as_json: bool) -> int:
    """`server`: ask the running one; False: never; None: if one runs."""
    job = make_job(wishes)
    settings = Settings()
    result = asyncio.run(_execute(job, settings, server, _nothing if as_json else _show))
    complete = _save(result, job.fetch, out)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _say_end(result)
    return exit_status(result) or (exit_codes.VERIFIED if complete else exit_codes.FAILED)


def exit_status(result: CommandResult) -> int:
    """As a shell has it: 124 for a time-out, 128 + n for signal n."""
    if result.timed_out:
        return 124
    return result.exit_code if result.exit_code is not None else 128 + (result.signal or 0)


def as_language(name: str | None) -> Language | None:
    """Raises InputError for a language that cannot be validated here."""
    if name is None:
        return None
    for language in LANGUAGES:
        if name == language:
            return language
    raise InputError(f"no toolchain for {name!r}: {', '.join(LANGUAGES)}")


def make_job(wishes: Wishes) -> ExecuteJob:
    """Raises InputError."""
    from pydantic import ValidationError

    found = gather(wishes["files"])
    asked: dict[str, Any] = {
        "files": {path: _content(data, executable) for path, (data, executable) in found.items()},
        "stdin": _content(_stdin(wishes["stdin"]), False),
        "env": dict(_variable(text) for text in wishes["env"]),
        "fetch": tuple(wishes["fetch"]),
        "test": wishes["test"],
        "profile": wishes["profile"],
        "runtime": wishes["runtime"],
        "mode": "strict" if wishes["strict"] else "shared-tenant",
        "limits": {"wall_s": wishes["timeout"], "output_bytes": OUTPUT_BYTES},
    }
    if wishes["profile"] is not None and not wishes["language"] and wishes["rest"]:
        asked["command"] = tuple(wishes["rest"])
    else:
        if not found:
            raise InputError("name the files to run, or --profile NAME -- COMMAND")
        asked["language"] = wishes["language"] or language_of([wishes["entry"]] if wishes["entry"] else list(found))
        asked["entry"] = wishes["entry"] or _first_named(wishes, asked["language"], found)
        asked["args"] = tuple(wishes["rest"])
    try:
        return ExecuteJob.model_validate(asked)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))} {e['msg']}".strip() for e in error.errors())
        raise InputError("; ".join(problem.replace("Value error, ", "") for problem in problems)) from None


def _first_named(wishes: Wishes, language: str, found: dict[str, tuple[bytes, bool]]) -> str | None:
    """The language's own main file if it is there, else the first file that was named."""
    from qlp.sandbox.languages import recipe_of

    try:
        recipe, means_test = recipe_of(language)
    except InputError:
        raise InputError(unknown_language(language)) from None
    if wishes["test"] or means_test or recipe.main in found:
        return None
    mine = [p for p in wishes["files"] if p.is_file() and p.name.endswith(recipe.suffixes)]
    plain = [p for p in wishes["files"] if p.is_file()] if wishes["language"] else []
    return inside((mine or plain)[0], wishes["files"]) if mine or plain else None


async def _execute(job: ExecuteJob, settings: Settings, server: bool | None, listen: OutputListener) -> Execution:
    found = server_of(settings)
    if server is True and found is None:
        raise ServerUnreachableError("no QLP server runs here: start it with `qlp up`, or leave --server out")
    if found is not None and server is not False:
        return await _ask(job, *found, listen)
    return await _here(job, settings, listen)


async def _ask(job: ExecuteJob, url: str, key: str, listen: OutputListener) -> Execution:
    from qlp.client.connection import Connection
    from qlp.client.programs import Stream as Output

    connection = Connection(url, key)
    try:
        body = job.model_dump(mode="json", exclude_defaults=True)
        async with Output(connection, "/v1/execute", body, Execution, "execution", again=True) as output:
            async for piece in output:
                listen(piece.stream, piece.data)
            return await output.wait()
    finally:
        await connection.close()


async def _here(job: ExecuteJob, settings: Settings, listen: OutputListener) -> Execution:
    from time import monotonic

    from qlp.sandbox import open_backend

    plan = job.program()
    work = job.work(plan, settings.sandbox)
    backend = await open_backend(settings.sandbox, settings.home)
    began = monotonic()
    async with backend.open(work.profile, work.limits, runtime=work.runtime) as sandbox:
        acquired = monotonic() - began
        result = await sandbox.job(work.job, on_output=listen)
        done = Done(result=result, isolation=sandbox.isolation, mode="strict", path="cold", acquire_s=acquired)
    return execution(done, profile=plan.profile, compiles=plan.compiles, output_bytes=OUTPUT_BYTES)


def _show(stream: Stream, data: bytes) -> None:
    target = sys.stdout.buffer if stream == "stdout" else sys.stderr.buffer
    target.write(data)
    target.flush()


def _nothing(stream: Stream, data: bytes) -> None:
    """The output comes with the result."""


def _save(result: Execution, asked: Sequence[str], out: Path) -> bool:
    """Write the artefacts into `out`; False, and said, if some are missing."""
    for path in (path for path in asked if path in result.artefacts):
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(result.artefact(path))
    for path, why in result.missing.items():
        err().print(f"not fetched: {path}: {why}", markup=False)
    return not result.missing


def _say_end(result: Execution) -> None:
    if result.timed_out:
        err().print("ended: its time was over (--timeout)")
    if result.oom:
        err().print("ended: it ran out of memory (QLP_SANDBOX__MEMORY_MB)")
    if result.truncated:
        err().print("output was cut at its cap")


def _stdin(file: Path | None) -> bytes:
    if file is not None and str(file) != "-":
        if not file.is_file():
            raise InputError(f"{file} is not a file: --stdin takes the file to read standard input from")
        return file.read_bytes()
    if sys.stdin is None or sys.stdin.isatty():
        return b""
    data = sys.stdin.buffer.read(MOST_STDIN + 1)
    if len(data) > MOST_STDIN:
        raise RequestTooLargeError(f"standard input has more than {MOST_STDIN // 1_048_576} MiB")
    return data


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    return name, value if equals else os.environ.get(name, "")


def _content(data: bytes, executable: bool) -> str | dict[str, Any]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode(), "executable": executable}
    return {"text": text, "executable": True} if executable else text
