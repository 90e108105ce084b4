"""Runs in llm-sandbox's own environment: one `print(1)` for each line on stdin, by a session or through its pool."""

from __future__ import annotations

import json
import sys
from typing import Any


def main(url: str, image: str, how: str) -> None:
    import docker  # type: ignore[import-not-found,unused-ignore]
    from llm_sandbox import SandboxSession  # type: ignore[import-not-found,unused-ignore]

    client = docker.DockerClient(base_url=url)
    options: dict[str, Any] = {
        "client": client,
        "lang": "python",
        "image": image,
        "runtime_configs": {"network_mode": "none"},
        "skip_environment_setup": True,
    }
    if how == "session":
        with SandboxSession(keep_template=True, **options) as session:
            serve(lambda: session.run("print(1)"))
        return
    from llm_sandbox.pool import (  # type: ignore[import-not-found,unused-ignore]
        PoolConfig,
        PooledSandboxSession,
        create_pool_manager,
    )

    pool = create_pool_manager(config=PoolConfig(max_pool_size=2, min_pool_size=2), **options)

    def once() -> Any:
        with PooledSandboxSession(pool_manager=pool) as session:
            return session.run("print(1)")

    try:
        serve(once)
    finally:
        pool.close()


def serve(run: Any) -> None:
    run()
    tell({"ready": True})
    for _ in sys.stdin:
        result = run()
        tell({"stdout": result.stdout, "stderr": result.stderr})


def tell(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # noqa: BLE001  the reason goes into the results
        tell({"error": f"{type(error).__name__}: {error}"})
