"""What the command line finds under the entry point `qlp.launchers: ray`."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from qlp.config import Settings
from qlp.errors import ConflictError
from qlp.plugins import ClusterStatus, Launched

if TYPE_CHECKING:
    from qlp.client.protocol import RunClient


class RayLauncher:
    """Implements `qlp.plugins.Launcher`."""

    def ephemeral(self, settings: Settings) -> AbstractAsyncContextManager[RunClient]:
        from cluster.ephemeral import ephemeral

        return ephemeral(settings)

    def up(self, settings: Settings) -> Launched:
        from cluster.local import up

        try:
            started = up(settings)
        except ConflictError as error:
            url = error.extra.get("url")
            if not isinstance(url, str):
                raise
            return Launched(url=url, api_key=None)
        assert started.cluster.url is not None
        return Launched(url=started.cluster.url, api_key=started.api_key)

    def down(self, settings: Settings) -> bool:
        from cluster.local import down

        return down(settings)

    def status(self, settings: Settings) -> ClusterStatus:
        from cluster.local import current, status

        cluster = current(settings.home)
        if cluster is None:
            return ClusterStatus(running=False)
        return ClusterStatus(running=True, url=cluster.url, parts=status(settings))
