"""The runtime stage: the project really runs.

A service is started, probed until it is ready, and asked the contract's requests in order; a program's `run`
commands are run and their output is compared with what the contract promises.
"""

from __future__ import annotations

import asyncio
import json
import time

from qlp.models import Evidence, Finding, InterfaceContract, ProjectCommand, Route
from qlp.sandbox.protocol import Command, ExecResult, HttpReply, Sandbox
from qlp.validation.check import Skip
from qlp.validation.evidence import Recorder
from qlp.validation.readings import how_it_ended, tail

START_TIMEOUT_S = 30.0
"""How long a service may take until its health path answers 200."""
_POLL_S = 0.05

Ran = tuple[tuple[Finding, ...], tuple[Evidence, ...], dict[str, int | float | str]]


async def run_project(sandbox: Sandbox, contract: InterfaceContract, recorder: Recorder) -> Ran | Skip:
    start = contract.command("start")
    runs = tuple(c for c in contract.commands if c.purpose == "run")
    if start is not None and contract.port is not None:
        return await _serve(sandbox, contract, start, contract.port, recorder)
    if runs:
        return await _programs(sandbox, runs, recorder)
    return Skip("the contract names no start or run command")


async def _programs(sandbox: Sandbox, runs: tuple[ProjectCommand, ...], recorder: Recorder) -> Ran:
    findings: list[Finding] = []
    evidence: list[Evidence] = []
    for run in runs:
        command = Command(argv=run.argv, env=dict(run.env), wall_s=60)
        result = await sandbox.run(command)
        proof = recorder.record("runtime", run.argv[0], command, result)
        evidence.append(proof)
        printed = result.stdout.decode("utf-8", "replace")
        if not result.ok:
            message = f"{' '.join(run.argv)} {how_it_ended(result)}\n{tail(result)}"
            findings.append(Finding(rule="run-failed", severity="high", message=message, evidence=proof.id))
        elif run.expect_stdout not in printed:
            message = f"{' '.join(run.argv)} did not print {run.expect_stdout!r} but\n{tail(result)}"
            findings.append(Finding(rule="unexpected-output", severity="high", message=message, evidence=proof.id))
    return tuple(findings), tuple(evidence), {"runs": len(runs)}


async def _serve(
    sandbox: Sandbox, contract: InterfaceContract, start: ProjectCommand, port: int, recorder: Recorder
) -> Ran:
    command = Command(
        argv=start.argv, env={"HOST": "127.0.0.1", "PORT": str(port), **start.env}, wall_s=START_TIMEOUT_S + 120
    )
    began = time.monotonic()
    handle = await sandbox.start(command)
    log: list[dict[str, object]] = []
    findings: list[Finding] = []
    ready = await _wait_ready(sandbox, handle, port, contract.health)
    ready_s = time.monotonic() - began
    if isinstance(ready, Finding):
        findings.append(ready)
    else:
        for route in contract.routes:
            reply = await _ask(sandbox, port, route)
            log.append(_entry(route, reply))
            if reply.status != route.status:
                got = f"status {reply.status}" if reply.status else f"no answer ({reply.error})"
                message = f"{route.method} {route.path}: expected {route.status}, got {got}\n{_decode(reply)[:500]}"
                findings.append(Finding(rule="smoke-request", severity="high", message=message))
    ended = await sandbox.stop(handle)
    service = recorder.record("runtime", start.argv[0], command, ended)
    smoke = _smoke_evidence(recorder, contract, log, failed=bool(findings))
    findings = [
        f.model_copy(update={"evidence": smoke.id if f.rule == "smoke-request" else service.id}) for f in findings
    ]
    facts: dict[str, int | float | str] = {
        "smoke_requests": len(log),
        "smoke_failed": sum(f.rule == "smoke-request" for f in findings),
        "ready_s": round(ready_s, 3),
    }
    return tuple(findings), (service, smoke), facts


async def _wait_ready(sandbox: Sandbox, handle: str, port: int, health: str) -> Finding | None:
    deadline = time.monotonic() + START_TIMEOUT_S
    reply = HttpReply(status=0, error="never asked")
    while time.monotonic() < deadline:
        ended = await sandbox.poll(handle)
        if ended is not None:
            return Finding(
                rule="start-failed",
                severity="critical",
                message=f"the service {how_it_ended(ended)}\n{tail(ended, 25)}",
            )
        reply = await sandbox.http("GET", port, health, timeout_s=2.0)
        if reply.status == 200:
            return None
        await asyncio.sleep(_POLL_S)
    said = f"answered {reply.status}" if reply.status else f"did not answer ({reply.error})"
    return Finding(
        rule="not-ready",
        severity="critical",
        message=f"GET {health} on port {port} {said} within {START_TIMEOUT_S:.0f} s",
    )


async def _ask(sandbox: Sandbox, port: int, route: Route) -> HttpReply:
    body = b"" if route.body is None else json.dumps(route.body).encode()
    headers = {"Content-Type": "application/json", **route.headers} if body else dict(route.headers)
    return await sandbox.http(route.method, port, route.path, body=body, headers=headers, timeout_s=10.0)


def _decode(reply: HttpReply) -> str:
    return reply.body.decode("utf-8", "replace")


def _entry(route: Route, reply: HttpReply) -> dict[str, object]:
    return {
        "request": f"{route.method} {route.path}",
        "body": route.body,
        "expected": route.status,
        "status": reply.status,
        "answer": _decode(reply)[:2000],
        **({"error": reply.error} if reply.error else {}),
    }


def _smoke_evidence(
    recorder: Recorder, contract: InterfaceContract, log: list[dict[str, object]], *, failed: bool
) -> Evidence:
    """The requests and answers as one piece of evidence; exit code 0 says that every answer was as promised."""
    text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in log).encode()
    command = Command(
        argv=("smoke", f"http://127.0.0.1:{contract.port}", *(f"{r.method} {r.path}" for r in contract.routes))
    )
    result = ExecResult(exit_code=1 if failed else 0, stdout=text, stderr=b"", wall_s=0.0, cpu_s=0.0, max_rss_bytes=0)
    return recorder.record("runtime", "qlp", command, result)
