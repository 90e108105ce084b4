"""Starts QLP on a Ray cluster that runs already: `python -m cluster.start_head` on its head node."""

from __future__ import annotations

import os

from cluster.environment import NAMESPACE
from qlp.config import Settings


def main() -> None:
    """Idempotent: what runs already is left as it is."""
    import ray

    from cluster.deploy import deploy, workers_of

    settings = Settings()
    ray.init(address=os.environ.get("RAY_ADDRESS", "auto"), namespace=NAMESPACE)
    deploy(settings, workers_of(settings), serve=True)


if __name__ == "__main__":
    main()
