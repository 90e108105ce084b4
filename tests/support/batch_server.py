"""The batch APIs of OpenAI and Anthropic, scripted, over real HTTP on 127.0.0.1.

Each request of a batch is answered by what `answers` holds for its id: a text, a status with its error body, or
nothing at all. A batch ends when it has been looked at `polls` times.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = str | tuple[int, dict[str, Any]] | None


class BatchServer:
    def __init__(self, answers: dict[str, Answer] | None = None, *, polls: int = 1, status: str = "completed") -> None:
        self.answers = answers or {}
        self.polls = polls
        self.status = status
        """In which an OpenAI batch ends."""
        self.faults: list[tuple[int, dict[str, str]]] = []
        """Answered, each once, before anything else: status and headers."""
        self.page: str | None = None
        """Answered to everything instead, with status 200."""
        self.lines_after = ""
        """Put behind the result lines."""
        self.paths: list[str] = []
        self.batches: dict[str, dict[str, Any]] = {}
        self.files: dict[str, str] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                self._answer("GET", b"")

            def do_POST(self) -> None:
                self._answer("POST", self.rfile.read(int(self.headers.get("content-length", "0"))))

            def _answer(self, method: str, body: bytes) -> None:
                headers: dict[str, str] = {}
                path = self.path.split("?")[0]
                outer.paths.append(f"{method} {path}")
                if outer.faults:
                    status, headers = outer.faults.pop(0)
                    content: Any = {"error": {"message": f"scripted {status}", "type": "scripted"}}
                elif outer.page is not None:
                    status, content = 200, outer.page
                else:
                    status, content = outer.handle(method, path, body)
                data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", "text/html" if outer.page else "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> BatchServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def handle(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if path == "/v1/files":
            content = re.search(rb"\r\n\r\n(\{.*?)\r\n--", body, re.DOTALL)
            assert content is not None
            name = f"file-{len(self.files) + 1}"
            self.files[name] = content.group(1).decode()
            return 200, {"id": name, "object": "file", "purpose": "batch"}
        if found := re.fullmatch(r"/v1/files/(.+)/content", path):
            return 200, self.files[found.group(1)]
        if path == "/v1/batches":
            return self._openai_list() if method == "GET" else self._openai_made(json.loads(body))
        if found := re.fullmatch(r"/v1/batches/([^/]+)(/cancel)?", path):
            return self._openai_looked_at(found.group(1), cancel=bool(found.group(2)))
        if path == "/v1/messages/batches":
            return self._anthropic_made(json.loads(body))
        if found := re.fullmatch(r"/v1/messages/batches/([^/]+)(/results|/cancel)?", path):
            return self._anthropic_looked_at(found.group(1), found.group(2) or "")
        return 404, {"error": {"message": f"no such path {path}"}}

    def _openai_list(self) -> tuple[int, Any]:
        listed = [self._openai(b) for b in self.batches.values()]
        return 200, {"object": "list", "data": listed, "has_more": False}

    def _openai_made(self, asked: dict[str, Any]) -> tuple[int, Any]:
        lines = [json.loads(line) for line in self.files[asked["input_file_id"]].splitlines()]
        batch = {"id": f"batch_{len(self.batches) + 1}", "looked": 0, "asked": asked, "lines": lines, "status": ""}
        self.batches[str(batch["id"])] = batch
        return 200, self._openai(batch)

    def _openai_looked_at(self, name: str, *, cancel: bool) -> tuple[int, Any]:
        if name not in self.batches:
            return 404, {"error": {"message": f"No batch found with id '{name}'."}}
        batch = self.batches[name]
        if cancel:
            batch["status"] = "cancelling"
        batch["looked"] += 1
        if batch["looked"] >= self.polls and not cancel:
            batch["status"] = self.status
            good, bad = [], []
            for line in batch["lines"]:
                answer = self.answers.get(line["custom_id"])
                if answer is None:
                    continue
                status, body = (200, _completion(answer)) if isinstance(answer, str) else answer
                entry = {"custom_id": line["custom_id"], "response": {"status_code": status, "body": body}}
                (good if status == 200 else bad).append(json.dumps(entry))
            self.files[f"{name}-out"] = "\n".join(good) + self.lines_after
            self.files[f"{name}-err"] = "\n".join(bad)
        return 200, self._openai(batch)

    def _openai(self, batch: dict[str, Any]) -> dict[str, Any]:
        done = bool(batch["status"]) and batch["status"] != "cancelling"
        files = {"output_file_id": f"{batch['id']}-out", "error_file_id": f"{batch['id']}-err"}
        failed = {"errors": {"object": "list", "data": [{"message": "the file is empty", "code": "empty"}]}}
        return {
            "id": batch["id"],
            "object": "batch",
            "endpoint": batch["asked"]["endpoint"],
            "input_file_id": batch["asked"]["input_file_id"],
            "completion_window": "24h",
            "created_at": 0,
            "metadata": batch["asked"].get("metadata"),
            "status": batch["status"] or "in_progress",
            "request_counts": {"total": len(batch["lines"]), "completed": 0, "failed": 0},
            **(files if done and batch["status"] != "failed" else {}),
            **(failed if batch["status"] == "failed" else {}),
        }

    def _anthropic_made(self, asked: dict[str, Any]) -> tuple[int, Any]:
        batch = {"id": f"msgbatch_{len(self.batches) + 1}", "looked": 0, "lines": asked["requests"]}
        self.batches[str(batch["id"])] = batch
        return 200, self._anthropic(batch)

    def _anthropic_looked_at(self, name: str, what: str) -> tuple[int, Any]:
        if name not in self.batches:
            return 404, {"type": "error", "error": {"type": "not_found_error", "message": "no such batch"}}
        batch = self.batches[name]
        if what == "/results":
            lines = [json.dumps({"custom_id": r["custom_id"], "result": self._result(r)}) for r in batch["lines"]]
            return 200, "\n".join(lines) + self.lines_after
        batch["looked"] += 1
        return 200, self._anthropic(batch)

    def _result(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = self.answers.get(request["custom_id"])
        if answer is None:
            return {"type": "expired"}
        if isinstance(answer, tuple):
            return {"type": "errored", "error": {"type": "error", "error": answer[1]}}
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": answer}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 100, "output_tokens": 10},
        }
        return {"type": "succeeded", "message": message}

    def _anthropic(self, batch: dict[str, Any]) -> dict[str, Any]:
        ended = batch["looked"] >= self.polls
        return {
            "id": batch["id"],
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": {"processing": 0, "succeeded": 1, "errored": 0, "canceled": 0, "expired": 0},
            "created_at": "2026-01-01T00:00:00Z",
            "expires_at": "2026-01-02T00:00:00Z",
        }


def _completion(text: str) -> dict[str, Any]:
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }
