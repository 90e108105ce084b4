"""How everybody reaches a self-hosted model: by the Serve handle of its deployment, inside a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from actors.vllm.declared import DEPLOYMENT, app_name
from actors.vllm.reply import EngineReply, ReplicaStatus
from qlp.errors import ProviderRateLimitError, ProviderTimeoutError, ProviderUnavailableError

RETRY_AFTER_S = 2
STATUS_S = 10.0


class _NotDeployedError(Exception):
    """Serve does not know the application."""


class ModelClient:
    """Of one model of this cluster. What is wrong with the way to it comes out as provider errors."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._handle: Any = None

    async def chat(self, body: dict[str, Any], session: str, timeout_s: float) -> EngineReply:
        """Raises ProviderRateLimitError, ProviderTimeoutError, ProviderUnavailableError."""
        async with self._reached(timeout_s) as handle:
            response = handle.options(method_name="chat", session_id=session).remote(body)
            try:
                answer: EngineReply = await response
            except asyncio.CancelledError:  # our caller's, or the deadline's
                response.cancel()
                raise
            return answer

    async def chat_stream(
        self, body: dict[str, Any], session: str, timeout_s: float
    ) -> AsyncGenerator[EngineReply | bytes, None]:
        """Frames of server-sent events, or one refusal. Close it, and the engine stops. Raises what `chat` raises."""
        async with self._reached(timeout_s) as handle:
            frames = handle.options(method_name="chat_stream", session_id=session, stream=True).remote(body)
            ended = False
            try:
                async for frame in frames:
                    yield frame
                ended = True
            finally:
                if not ended:
                    frames.cancel()

    async def status(self) -> ReplicaStatus:
        """Of one replica, whichever it is."""
        async with self._reached(STATUS_S) as handle:
            status: ReplicaStatus = await handle.options(method_name="status").remote()
            return status

    @asynccontextmanager
    async def _reached(self, timeout_s: float) -> AsyncIterator[Any]:
        from ray.exceptions import RayError, RayTaskError
        from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException

        try:
            async with asyncio.timeout(timeout_s):
                if self._handle is None:
                    self._handle = await asyncio.to_thread(_handle, self._name)
                yield self._handle
        except TimeoutError as error:
            raise ProviderTimeoutError(
                f"vllm:{self._name} did not answer within {timeout_s:g} s; a model that has no replica yet loads its "
                "weights first: raise the deadline, or vllm.models.*.min_replicas"
            ) from error
        except BackPressureError as error:
            raise ProviderRateLimitError(
                f"vllm:{self._name} has as many requests as it may queue; come again later",
                retry_after_s=RETRY_AFTER_S,
            ) from error
        except (_NotDeployedError, DeploymentUnavailableError, RayServeException) as error:
            self._handle = None
            raise ProviderUnavailableError(
                f"vllm:{self._name} is not deployed on this cluster, or its replicas cannot start ({error})",
                reason="connection",
            ) from error
        except RayTaskError as error:  # what the replica raised: a dead engine, mostly
            cause = type(error.cause).__name__
            raise ProviderUnavailableError(
                f"a replica of vllm:{self._name} failed ({cause}) and is replaced if it is dead", reason="connection"
            ) from error
        except RayError as error:
            raise ProviderUnavailableError(
                f"a replica of vllm:{self._name} went away ({type(error).__name__})", reason="connection"
            ) from error


def _handle(name: str) -> Any:
    from ray import serve

    try:
        return serve.get_deployment_handle(DEPLOYMENT, app_name(name))
    except KeyError as error:
        raise _NotDeployedError(f"Serve has no application {app_name(name)}") from error
