"""/v1/validate through Ray Serve and the validators: it answers, and a client that goes away ends the tools."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.http


def job(**script: object) -> dict[str, object]:
    return {"files": {"main.py": json.dumps(script)}, "language": "python", "stages": ["syntax"], "cache": False}


async def test_a_validation_comes_back_with_its_stages(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/validate", json=job())
    assert answer.status_code == 200, answer.text
    assert [s["stage"] for s in answer.json()["stages"]] == ["syntax"]
    assert answer.json()["verified"] is False, "a sandbox that runs nothing verifies nothing"
    refused = await http.post("/v1/validate", json={"files": {"../x.py": ""}})
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")


async def test_a_client_that_goes_away_ends_the_tools(http: httpx.AsyncClient, tmp_path: Path) -> None:
    note = tmp_path / "note"
    asking = asyncio.create_task(http.post("/v1/validate", json=job(sleep=60, note=str(note))))
    await asyncio.sleep(2)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    end = time.monotonic() + 40
    while not note.exists():
        assert time.monotonic() < end, "the tool went on"
        await asyncio.sleep(0.1)
