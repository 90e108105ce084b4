"""A whole run as a chat completion: what is asked for is planned, made, verified and packaged; the answer is its files.

The verdict comes from the run's evidence alone, in the answer's field `qlp` and in its first line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from pydantic import ValidationError

from actors.client import RunService
from actors.problems import from_problem
from qlp.capsule import CapsuleStore
from qlp.capsule.read import read_capsule
from qlp.errors import CancelledRunError, ConflictError, InputError
from qlp.models import Event, Outcome, Request, Run, SourceFile
from serve_app.event_stream import PING, PING_S
from serve_app.openai.answer import DONE, Shape, choice_of
from serve_app.openai.body import ChatBody, text_of
from serve_app.openai.exchange import EVENTS, JSON, Asker, Exchange, one_piece

log = logging.getLogger(__name__)

PREFIX = "qlp-"
TIERS: dict[str, str | None] = {"qlp-auto": None, "qlp-t0": "t0", "qlp-t1": "t1", "qlp-t2": "t2", "qlp-t3": "t3"}
_FENCE = "```"


class RunAnswerer:
    """Implements `Answerer` for qlp-auto and qlp-t0 ... qlp-t3."""

    def __init__(self, model: str, runs: RunService, capsules: CapsuleStore) -> None:
        self._model = model
        self._runs = runs
        self._capsules = capsules

    async def open(self, body: ChatBody, asker: Asker) -> Exchange:
        """Raises what ended the run, as an error of its class."""
        run, _ = await self._runs.submit_or_find(self._request(body), asker.tenant, asker.idempotency_key)
        # Whoever named the request by a key can come back for it; nobody can come back for any other.
        mine = asker.idempotency_key is None
        shape = Shape(self._model)
        if body.stream:
            pieces = self._stream(shape, run.id, asker, usage=body.wants_usage, mine=mine)
            return Exchange(200, EVENTS, pieces, {"x-qlp-run-id": run.id})
        async with self._stopped_with_its_reader(run.id, asker, mine=mine):
            ended = await self._runs.wait(run.id, asker.tenant)
        outcome = _outcome(ended)
        text = await asyncio.to_thread(self._text, outcome)
        whole = shape.whole([choice_of(text)], outcome.usage, qlp=extension(ended, outcome))
        headers = {"x-qlp-run-id": run.id}
        if outcome.usage.cost_usd is not None:
            headers["x-qlp-cost-usd"] = str(outcome.usage.cost_usd)
        data = json.dumps(whole, ensure_ascii=False).encode("utf-8", "replace")
        return Exchange(200, JSON, one_piece(data), headers)

    def _request(self, body: ChatBody) -> Request:
        """`qlp` in the body holds further fields of a run: language, tests, max_cost_usd, deadline_s, policy."""
        more = body.fields.get("qlp") or {}
        if not isinstance(more, dict) or {"text", "tier", "schema_version"} & set(more):
            raise InputError("`qlp` is an object of a run's fields other than text and tier")
        if (body.fields.get("n") or 1) != 1:
            raise InputError("a run gives one answer: `n` is 1")
        fields = {**more, "text": wish(body), "tier": TIERS[self._model]}
        try:
            return Request.model_validate_json(json.dumps(fields))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise InputError(f"qlp.{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None

    async def _stream(
        self, shape: Shape, run_id: str, asker: Asker, *, usage: bool, mine: bool
    ) -> AsyncGenerator[bytes, None]:
        """Progress in chunks without text (field `qlp.event`), then the files, then the verdict."""
        yield shape.delta({"role": "assistant", "content": ""}, qlp={"run_id": run_id})
        async with self._stopped_with_its_reader(run_id, asker, mine=mine):
            async for event in _or_ping(self._runs.events(run_id, asker.tenant)):
                yield PING if event is None else shape.delta({}, qlp={"run_id": run_id, "event": told(event)})
        run = await self._runs.get(run_id, asker.tenant)
        outcome = _outcome(run)
        for part in await asyncio.to_thread(self._parts, outcome):
            yield shape.delta({"content": part})
        yield shape.delta({}, finish="stop", qlp=extension(run, outcome))
        if usage:
            yield shape.usage(outcome.usage)
        yield DONE

    @contextlib.asynccontextmanager
    async def _stopped_with_its_reader(self, run_id: str, asker: Asker, *, mine: bool) -> AsyncIterator[None]:
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            if mine:
                log.info("the reader of %s has gone: it is cancelled", run_id)
                await asyncio.shield(asyncio.ensure_future(self._runs.cancel(run_id, asker.tenant)))
            raise

    def _text(self, outcome: Outcome) -> str:
        return "".join(self._parts(outcome))

    def _parts(self, outcome: Outcome) -> list[str]:
        project = read_capsule(self._capsules.path(outcome.capsule)).project()
        return [headline(outcome) + "\n", *(f"\n{fenced(file)}\n" for file in project)]


def wish(body: ChatBody) -> str:
    """One user message is the request as it is; of a conversation the last one is, and the rest is told before it."""
    told = [(str(message.get("role")), text_of(message).strip()) for message in body.messages]
    told = [(role, text) for role, text in told if text]
    if not told or told[-1][0] != "user":
        raise InputError("the last message is the user's, with the request in its text")
    if len(told) == 1:
        return told[0][1]
    before = "\n\n".join(f"{role}: {text}" for role, text in told[:-1])
    return f"{told[-1][1]}\n\nSaid before:\n\n{before}"


def headline(outcome: Outcome) -> str:
    """What the evidence says, in one line."""
    how = "Verified" if outcome.verified else "Not verified"
    because = f": {outcome.decided_because}" if outcome.decided_because else ""
    return f"{how} (decision {outcome.decision}, capsule {outcome.capsule}){because}"


def fenced(file: SourceFile) -> str:
    """A block that a README with blocks of its own does not close."""
    fence = _FENCE
    while fence in file.content:
        fence += "`"
    ending = "" if file.content.endswith("\n") else "\n"
    return f"{fence} path={file.path}\n{file.content}{ending}{fence}"


def extension(run: Run, outcome: Outcome) -> dict[str, Any]:
    capsule = outcome.capsule.removesuffix(".zip")
    cost = outcome.usage.cost_usd
    return {
        "run_id": run.id,
        "verified": outcome.verified,
        "decision": outcome.decision,
        "decided_because": outcome.decided_because,
        "confidence": outcome.confidence.model_dump(mode="json", include={"probability", "label", "formula"}),
        "stages": {stage.stage: stage.status for stage in outcome.stages},
        "capsule": {
            "id": capsule,
            "digest": outcome.capsule_digest,
            "archive": f"/v1/capsules/{capsule}/archive?format=zip",
        },
        "generator": outcome.generator,
        "cost_usd": None if cost is None else str(cost),
    }


def told(event: Event) -> dict[str, Any]:
    return {"type": event.type, "sequence_number": event.sequence_number, "data": event.data}


def _outcome(run: Run) -> Outcome:
    """Raises the run's error if it has no outcome."""
    if run.outcome is not None:
        return run.outcome
    if run.problem is not None:
        raise from_problem(run.problem)
    if run.status == "cancelled":
        raise CancelledRunError(f"run {run.id} was cancelled")
    raise ConflictError(f"run {run.id} is {run.status}: it goes on when somebody has answered it")


async def _or_ping(events: AsyncIterator[Event]) -> AsyncGenerator[Event | None, None]:
    """None for every PING_S of silence."""
    pending: asyncio.Task[Event] | None = None
    try:
        while True:
            if pending is None:
                pending = asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({pending}, timeout=PING_S)
            if not done:
                yield None
                continue
            try:
                event = pending.result()
            except StopAsyncIteration:
                return
            pending = None
            yield event
    finally:
        if pending is not None:
            pending.cancel()
