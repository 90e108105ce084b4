"""RunWorker: one Ray actor, one process, one DBOS executor."""

from __future__ import annotations

import logging
import os
from typing import Any

import ray

from actors.orphan import exit_with_parent
from actors.worker_args import WorkerArgs
from qlp.models._base import Frozen


class WorkerHealth(Frozen):
    name: str
    executor: str
    pid: int
    node: str
    active: tuple[str, ...]
    """Runs that it advances now."""
    error: str = ""
    """Last error of the dispatcher, empty if its last look succeeded."""


class RunWorker:
    """A shell around the dispatcher. Detached, restarted by Ray for ever; its runs go on after a restart."""

    def __init__(self, args: WorkerArgs) -> None:
        # Imported here: clients load this class too, and need neither DBOS nor the pipeline.
        from actors.dispatcher import Dispatcher

        logging.basicConfig(level=logging.WARNING)
        exit_with_parent()
        self._dispatcher = Dispatcher(args)
        self._dispatcher.launch()

    async def wake(self, run_id: str) -> None:
        """There is a run to take."""
        self._dispatcher.wake(run_id)

    async def stop(self, run_id: str) -> None:
        """A run was cancelled in the store."""
        await self._dispatcher.stop(run_id)

    async def drain(self) -> None:
        await self._dispatcher.drain()

    @ray.method(concurrency_group="ctl")
    async def health(self) -> WorkerHealth:
        return WorkerHealth(
            name=self._dispatcher.args.name,
            executor=self._dispatcher.executor,
            pid=os.getpid(),
            node=ray.get_runtime_context().get_node_id()[:8],
            active=self._dispatcher.active,
            error=self._dispatcher.error,
        )


OPTIONS: dict[str, Any] = {
    "max_restarts": -1,
    "max_task_retries": 0,
    "num_cpus": 0.1,
    "max_concurrency": 1000,
    "concurrency_groups": {"ctl": 8},
}


def start_worker(args: WorkerArgs, *, namespace: str, detached: bool) -> Any:
    """Handle of the actor `args.name`, made if the namespace has none."""
    actor: Any = ray.remote(**OPTIONS)(RunWorker)
    return actor.options(
        name=args.name,
        namespace=namespace,
        get_if_exists=True,
        lifetime="detached" if detached else None,
    ).remote(args)
