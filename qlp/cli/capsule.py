"""`qlp capsule ...`"""

from __future__ import annotations

import asyncio
from pathlib import Path

from qlp.capsule import CapsuleReport, Trust
from qlp.capsule import check_capsule as check
from qlp.capsule import verify_capsule as check_and_rerun
from qlp.capsule.read import read_capsule
from qlp.cli import exit_codes
from qlp.cli.run import save
from qlp.cli.runs import _list
from qlp.cli.screen import err, out, print_json
from qlp.cli.session import run_client, server_of
from qlp.config import Settings
from qlp.errors import InputError, NotFoundError
from qlp.models import InterfaceContract, SourceFile, Verdict
from qlp.pipeline.admit import check_policy
from qlp.pipeline.services import capsule_folder
from qlp.store.reader import StoredRuns
from qlp.validation import Policy, load_policy, validate_project


def get_capsule(run_id: str, folder: Path, *, as_json: bool) -> None:
    settings = Settings()
    name, content = asyncio.run(_fetch(settings, run_id))
    path, project = save(content, name, folder)
    if as_json:
        print_json({"capsule_path": str(path), "project_path": str(project)})
    else:
        out().print(f"capsule    {path}\nproject    {project}", markup=False)


async def _fetch(settings: Settings, run_id: str) -> tuple[str, bytes]:
    if server_of(settings) is not None:
        async with run_client(settings, start=False) as client:
            run = await client.get(run_id)
            name = run.outcome.capsule if run.outcome else f"{run_id}.zip"
            return name, await client.capsule(run_id)
    run = await StoredRuns(settings.home).get(run_id)
    if run.outcome is None:
        raise NotFoundError(f"{run_id} has no capsule: it is {run.status}")
    return run.outcome.capsule, (capsule_folder(settings) / run.outcome.capsule).read_bytes()


def verify_capsule(file: Path | None, *, last: bool, key: Path | None, rerun: bool, as_json: bool) -> int:
    settings = Settings()
    path = _capsule_path(file, last, settings)
    report = asyncio.run(_verify(path, settings, key, rerun))
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _show(path, report)
    if report.verified:
        return exit_codes.VERIFIED
    return exit_codes.UNVERIFIED if report.authentic else exit_codes.FAILED


def _capsule_path(file: Path | None, last: bool, settings: Settings) -> Path:
    if (file is None) != last:
        raise InputError("name one capsule file, or --last")
    if file is not None:
        if not file.is_file():
            raise InputError(f"{file} is not a file")
        return file
    done = [r for r in asyncio.run(_list(settings, 50)) if r.outcome is not None]
    if not done or done[0].outcome is None:
        raise NotFoundError("no run has made a capsule yet")
    return capsule_folder(settings) / done[0].outcome.capsule


async def _verify(path: Path, settings: Settings, key: Path | None, rerun: bool) -> CapsuleReport:
    trust = Trust.load(settings.home / "keys", [key] if key else [])
    if not rerun:
        return check(path, trust=trust)
    from qlp.sandbox import open_backend

    async def validate(files: tuple[SourceFile, ...], contract: InterfaceContract) -> Verdict:
        err().print("running the evidence again in a fresh sandbox")
        backend = await open_backend(settings.sandbox, settings.home)
        return await validate_project(files, contract, backend, policy=_claimed_policy(path, settings))

    return await check_and_rerun(path, validate, trust=trust)


def _claimed_policy(path: Path, settings: Settings) -> Policy | None:
    """The policy by whose words the capsule was judged; None, and said so, where this installation has none of that
    name. It is a stranger's file, so that its name may not point anywhere."""
    name = read_capsule(path).verdict().policy.partition("@")[0]
    if not name:
        return None
    try:
        check_policy(name, settings.home)
    except InputError as error:
        err().print(f"its policy {name[:63]!r} is not here ({error.detail}); run again by `development`", markup=False)
        return None
    return load_policy(name, settings.home)


def _show(path: Path, report: CapsuleReport) -> None:
    screen = out()
    screen.print("[bold green]VERIFIED[/]" if report.verified else "[bold red]NOT VERIFIED[/]", end="  ")
    screen.print(str(path), markup=False)
    signer = f" ({report.key_name or report.key_id})" if report.key_id else ""
    screen.print(f"  signature  {report.signature}{signer}", markup=False)
    screen.print(f"  digests    {report.digests}", markup=False)
    for again in report.reruns:
        mark = "holds" if again.holds else "DIFFERS"
        screen.print(f"  {again.stage:<10} {again.claimed:<8} again {again.rerun:<8} {mark}", markup=False)
        for difference in again.differences:
            screen.print(f"             {difference}", markup=False)
    for problem in report.problems:
        screen.print(f"  {problem.code}: {problem.detail}", markup=False)
