"""The runtime stage: the project really runs.

A service is started, probed until it is ready, and asked its smoke requests in order (smoke.py); a program's `run`
commands are run and their output is compared with what the contract promises.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field

from qlp.models import Evidence, Finding, ProjectCommand, Route
from qlp.sandbox.protocol import Command, ExecResult, HttpReply, Sandbox
from qlp.validation.budget import StageBudget
from qlp.validation.check import Skip
from qlp.validation.evidence import Recorder
from qlp.validation.parts import Facts
from qlp.validation.project import Project
from qlp.validation.readings import how_it_ended, tail
from qlp.validation.smoke import Service, SmokeRequest, service_of

START_TIMEOUT_S = 30.0
"""How long a service may take until its readiness probe is answered."""
PROGRAM_WALL_S = 60.0
"""Wall limit of one `run` command."""
_REQUEST_S = 10.0
_POLL_S = 0.05


@dataclass(frozen=True)
class Ran:
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    facts: Facts = field(default_factory=dict)
    broken: str = ""
    """Why it was not run to the end though it did nothing wrong: a budget is used up."""


async def run_project(sandbox: Sandbox, project: Project, recorder: Recorder, purse: StageBudget) -> Ran | Skip:
    contract = project.contract
    start = contract.command("start")
    if start is not None:
        service = await asyncio.to_thread(service_of, contract, project.files)
        return await _serve(sandbox, start, service, recorder, purse)
    runs = tuple(c for c in contract.commands if c.purpose == "run")
    if runs:
        return await _programs(sandbox, runs, recorder, purse)
    return Skip("the contract names no start or run command", applicable=False)


async def _programs(sandbox: Sandbox, runs: tuple[ProjectCommand, ...], recorder: Recorder, purse: StageBudget) -> Ran:
    findings: list[Finding] = []
    evidence: list[Evidence] = []
    for run in runs:
        if why := purse.used_up():
            return Ran(tuple(findings), tuple(evidence), {"runs": len(evidence)}, why)
        left = purse.left()
        command = Command(argv=run.argv, env=dict(run.env), wall_s=min(PROGRAM_WALL_S, left))
        result = await sandbox.run(command)
        purse.spend(result.cpu_s)
        proof = recorder.record("runtime", run.argv[0], command, result)
        evidence.append(proof)
        if result.timed_out and left < PROGRAM_WALL_S:
            return Ran(tuple(findings), tuple(evidence), {"runs": len(evidence)}, purse.used_up() or "no time is left")
        printed = result.stdout.decode("utf-8", "replace")
        if not result.ok:
            message = f"{' '.join(run.argv)} {how_it_ended(result)}\n{tail(result)}"
            findings.append(Finding(rule="run-failed", severity="high", message=message, evidence=proof.id))
        elif run.expect_stdout not in printed:
            message = f"{' '.join(run.argv)} did not print {run.expect_stdout!r} but\n{tail(result)}"
            findings.append(Finding(rule="unexpected-output", severity="high", message=message, evidence=proof.id))
    return Ran(tuple(findings), tuple(evidence), {"runs": len(runs)})


async def _serve(
    sandbox: Sandbox, start: ProjectCommand, service: Service, recorder: Recorder, purse: StageBudget
) -> Ran:
    env = {"HOST": "127.0.0.1", "PORT": str(service.port), **start.env}
    command = Command(argv=start.argv, env=env, wall_s=START_TIMEOUT_S + 120)
    began = time.monotonic()
    handle = await sandbox.start(command)
    log: list[dict[str, object]] = []
    findings: list[Finding] = []
    broken = ""
    ready = await _wait_ready(sandbox, handle, service, min(START_TIMEOUT_S, purse.left()))
    ready_s = time.monotonic() - began
    if isinstance(ready, Finding):
        if ready.rule == "not-ready" and purse.used_up():
            broken = purse.used_up()
        else:
            findings.append(ready)
    else:
        for request in service.requests:
            if broken := purse.used_up():
                break
            reply = await _ask(sandbox, service.port, request.route)
            log.append(_entry(request, reply))
            if not request.takes(reply.status):
                findings.append(_wrong(request, reply))
    ended = await sandbox.stop(handle)
    purse.spend(ended.cpu_s)
    proof = recorder.record("runtime", start.argv[0], command, ended)
    smoke = _smoke_evidence(recorder, service, log, failed=bool(findings))
    findings = [
        f.model_copy(update={"evidence": smoke.id if f.rule == "smoke-request" else proof.id}) for f in findings
    ]
    facts: Facts = {
        "smoke_requests": len(log),
        "smoke_failed": sum(f.rule == "smoke-request" for f in findings),
        "ready_s": round(ready_s, 3),
        "smoke_from": service.origin,
    }
    if service.problem:
        findings.append(Finding(rule="openapi-unreadable", severity="low", message=service.problem))
    return Ran(tuple(findings), (proof, smoke), facts, broken)


def _wrong(request: SmokeRequest, reply: HttpReply) -> Finding:
    got = f"status {reply.status}" if reply.status else f"no answer ({reply.error})"
    route = request.route
    message = f"{route.method} {route.path}: expected {request.expected}, got {got}\n{_decode(reply)[:500]}"
    return Finding(rule="smoke-request", severity="high", message=message)


async def _wait_ready(sandbox: Sandbox, handle: str, service: Service, timeout_s: float) -> Finding | None:
    deadline = time.monotonic() + timeout_s
    reply = HttpReply(status=0, error="never asked")
    while time.monotonic() < deadline:
        ended = await sandbox.poll(handle)
        if ended is not None:
            return Finding(
                rule="start-failed",
                severity="critical",
                message=f"the service {how_it_ended(ended)}\n{tail(ended, 25)}",
            )
        reply = await sandbox.http("GET", service.port, service.probe, timeout_s=2.0)
        if reply.status == 200 or (service.any_answer and 0 < reply.status < 500):
            return None
        await asyncio.sleep(_POLL_S)
    said = f"answered {reply.status}" if reply.status else f"did not answer ({reply.error})"
    return Finding(
        rule="not-ready",
        severity="critical",
        message=f"GET {service.probe} on port {service.port} {said} within {timeout_s:.0f} s",
    )


async def _ask(sandbox: Sandbox, port: int, route: Route) -> HttpReply:
    body = b"" if route.body is None else json.dumps(route.body).encode()
    headers = {"Content-Type": "application/json", **route.headers} if body else dict(route.headers)
    return await sandbox.http(route.method, port, route.path, body=body, headers=headers, timeout_s=_REQUEST_S)


def _decode(reply: HttpReply) -> str:
    return reply.body.decode("utf-8", "replace")


def _entry(request: SmokeRequest, reply: HttpReply) -> dict[str, object]:
    return {
        "request": f"{request.route.method} {request.route.path}",
        "body": request.route.body,
        "expected": request.expected,
        "status": reply.status,
        "answer": _decode(reply)[:2000],
        **({"error": reply.error} if reply.error else {}),
    }


def _smoke_evidence(recorder: Recorder, service: Service, log: list[dict[str, object]], *, failed: bool) -> Evidence:
    """The requests and answers as one piece of evidence; exit code 0 says that every answer was as promised."""
    text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in log).encode()
    asked = (f"{r.route.method} {r.route.path}" for r in service.requests)
    command = Command(argv=("smoke", f"http://127.0.0.1:{service.port}", *asked))
    result = ExecResult(exit_code=1 if failed else 0, stdout=text, stderr=b"", wall_s=0.0, cpu_s=0.0, max_rss_bytes=0)
    return recorder.record("runtime", "qlp", command, result)
