"""Grades answers to small programming tasks through `/run_code`, as evaluation scripts for SandboxFusion do.

    python examples/evaluate_run_code.py http://localhost:8080/run_code              # SandboxFusion
    python examples/evaluate_run_code.py http://qlp:API_KEY@localhost:8420/run_code  # QLP

Only the URL differs. Nothing here knows of QLP; the standard library is enough.
"""

from __future__ import annotations

import base64
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

TASKS: list[dict[str, str]] = [
    {
        "id": "python/add",
        "language": "python",
        "answer": "def add(a, b):\n    return a + b\n",
        "tests": "assert add(2, 3) == 5\nassert add(-1, 1) == 0\n",
        "expected": "passed",
    },
    {
        "id": "python/wrong",
        "language": "python",
        "answer": "def add(a, b):\n    return a - b\n",
        "tests": "assert add(2, 3) == 5\n",
        "expected": "failed",
    },
    {
        "id": "python/endless",
        "language": "python",
        "answer": "def add(a, b):\n    while True:\n        pass\n",
        "tests": "assert add(2, 3) == 5\n",
        "expected": "timeout",
    },
    {
        "id": "nodejs/add",
        "language": "nodejs",
        "answer": "const add = (a, b) => a + b;\n",
        "tests": "require('assert').strictEqual(add(2, 3), 5);\n",
        "expected": "passed",
    },
    {
        "id": "cpp/add",
        "language": "cpp",
        "answer": "#include <cassert>\nint add(int a, int b) { return a + b; }\n",
        "tests": "int main() { assert(add(2, 3) == 5); }\n",
        "expected": "passed",
    },
    {
        "id": "cpp/broken",
        "language": "cpp",
        "answer": "int add(int a, int b) { return a + b }\n",
        "tests": "int main() { return add(2, 3) != 5; }\n",
        "expected": "compile error",
    },
]
STDIO: dict[str, Any] = {
    "code": "n = int(input())\nprint(sum(map(int, open('data/numbers.txt').read().split()[:n])))\n"
    "open('seen.txt', 'w').write(str(n))\n",
    "language": "python",
    "stdin": "3\n",
    "files": {"data/numbers.txt": base64.b64encode(b"1 2 3 4").decode()},
    "fetch_files": ["seen.txt"],
}


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """As `requests.post(url, json=body).json()`, which sends what stands before the @ as HTTP Basic credentials."""
    parts = urllib.parse.urlsplit(url)
    request = urllib.request.Request(
        urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])), json.dumps(body).encode()
    )
    request.add_header("Content-Type", "application/json")
    if parts.username is not None:
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        request.add_header("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}")
    with urllib.request.urlopen(request, timeout=120) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def grade(url: str, task: dict[str, str]) -> str:
    code = f"{task['answer']}\n{task['tests']}"
    answer = post(url, {"code": code, "language": task["language"], "compile_timeout": 60, "run_timeout": 3})
    if answer["status"] == "SandboxError":
        raise RuntimeError(f"{task['id']}: {answer['message']}")
    if answer["status"] == "Success":
        return "passed"
    compiled, ran = answer["compile_result"], answer["run_result"]
    if compiled and (compiled["status"] != "Finished" or compiled["return_code"] != 0):
        return "compile error"
    return "timeout" if ran["status"] == "TimeLimitExceeded" else "failed"


def main(url: str) -> int:
    with ThreadPoolExecutor(4) as pool:
        grades = list(pool.map(lambda task: grade(url, task), TASKS))
    wrong = 0
    for task, got in zip(TASKS, grades, strict=True):
        wrong += got != task["expected"]
        print(f"{task['id']:<16} {got}")  # noqa: T201
    answer = post(url, STDIO)
    seen = base64.b64decode(answer["files"].get("seen.txt", "")).decode()
    good = answer["status"] == "Success" and answer["run_result"]["stdout"] == "6\n" and seen == "3"
    print(f"{'stdin and files':<16} {'passed' if good else answer}")  # noqa: T201
    print(f"graded as expected: {len(TASKS) - wrong + good} of {len(TASKS) + 1}")  # noqa: T201
    return 0 if good and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8080/run_code"))
