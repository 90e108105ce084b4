"""The results of `python -m benchmarks.sandbox` as lines of text."""

from __future__ import annotations

import json
import sys
from typing import Any


def show(result: dict[str, Any]) -> None:
    lines = [_cost(name, row) for name, row in result["cost"].items()]
    lines += [_load(name, row) for name, rows in result["load"].items() for row in rows]
    lines += [_poisson(row) for row in result["poisson"]]
    lines += [
        f"killed pool: first job {row['first_job_s']:.2f} s, warm again {row['warm_again_s']:.2f} s, "
        f"{row['typed_errors']} typed errors"
        for row in result["killed_pool"]
    ]
    lines += [f"{name:<12} {json.dumps(row)}" for name, row in result["languages"].items()]
    sys.stdout.write("\n".join(lines) + "\n")


def _cost(name: str, row: dict[str, Any]) -> str:
    if "failed" in row:
        return f"{name:<30} failed: {row['failed'][:120]}"
    cpu = f"CPU {row['cpu_ratio']:6.2f}x {row['cpu_ms']:7.1f} ms"
    return f"{name:<30} {cpu}   wall {row['wall_ratio']:6.2f}x {row['wall_ms']:7.1f} ms"


def _load(name: str, row: dict[str, Any]) -> str:
    speed = f"{row['callers']:>3} callers  {row['jobs_per_s']:6.1f} jobs/s"
    return f"{name:<8} {speed}  p50 {row['p50_ms']:7.1f} ms  p99 {row['p99_ms']:7.1f} ms"


def _poisson(row: dict[str, Any]) -> str:
    acquire = row["acquire"]
    return (
        f"Poisson {row['rate_per_s']:5.1f}/s of {row['tenants']} tenants: hit rate {row['hit_rate']:.2f}, acquire "
        f"p50 {acquire.get('p50_ms', 0):.1f} ms, p99 {acquire.get('p99_ms', 0):.1f} ms, refused {row['refused']}"
    )
