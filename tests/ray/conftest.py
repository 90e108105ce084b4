from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import ray

from tests.ray.durable_platform import DurablePlatform


@pytest.fixture(scope="session")
def make_platform(
    ray_cluster: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], DurablePlatform]]:
    made: list[DurablePlatform] = []

    def make() -> DurablePlatform:
        name = f"test-worker-{len(made)}"
        made.append(DurablePlatform(tmp_path_factory.mktemp("home"), ray_cluster, name))
        return made[-1]

    yield make
    for platform in made:
        ray.kill(platform.worker)


@pytest.fixture(scope="session")
def platform(make_platform: Callable[[], DurablePlatform]) -> DurablePlatform:
    return make_platform()
