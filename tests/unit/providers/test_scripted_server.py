"""The scripted server is itself what durability tests count by: its process form, its log, its matching."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]


def ask(url: str, text: str, key: str = "k") -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return httpx.post(
        f"{url}/chat/completions", json=body, headers={"Idempotency-Key": key}, trust_env=False, timeout=10
    )


def content(response: httpx.Response) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


def test_replies_are_chosen_by_match_not_by_order() -> None:
    replies = [Reply(match="^write b", text="B"), Reply(match="write a", text="A", times=1), Reply(text="else")]
    with ScriptedServer(replies) as server:
        assert content(ask(server.url, "please write a")) == "A"
        assert content(ask(server.url, "write b\nnow")) == "B"
        assert content(ask(server.url, "please write a")) == "else"
        assert content(ask(server.url, "write b again")) == "B"
        exhausted = ask(server.url, "please write a")
        assert (exhausted.status_code, exhausted.json()["error"]["message"]) == (400, "script exhausted")
        assert [c.reply for c in server.calls] == [1, 0, 2, 0, None]


def test_as_a_process_it_logs_requests_before_it_answers(tmp_path: Path) -> None:
    script, log = tmp_path / "script.json", tmp_path / "calls.jsonl"
    script.write_text(
        json.dumps(
            {"models": ["m1"], "replies": [{"match": "slow", "text": "x", "delay_s": 30}, {"match": ".", "text": "hi"}]}
        )
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.scripted_server", "--script", str(script), "--log", str(log)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        assert httpx.get(f"{url}/models", trust_env=False).json()["data"][0]["id"] == "m1"
        assert content(ask(url, "hello", key="step-1")) == "hi"
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{url}/chat/completions",
                json={"model": "m", "messages": [{"role": "user", "content": "slow"}]},
                trust_env=False,
                timeout=0.5,
            )
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(e["event"], e["seq"], e["key"]) for e in entries] == [
        ("request", 1, "step-1"),
        ("answered", 1, "step-1"),
        ("request", 2, None),
    ]
