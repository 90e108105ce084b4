"""The Serve application, from arguments that YAML and code feed alike."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from ray import serve

from actors.worker_args import public_tree
from qlp.config import Settings


class AppArgs(BaseModel):
    """`args` of the application in a Serve config file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    tree: dict[str, Any] = {}
    """Settings that differ from environment and file, as in `config.yaml`; secrets stay out."""
    workers: tuple[str, ...] = ("worker-0",)
    """Names of the run workers."""
    namespace: str = "qlp"
    replicas: int = Field(default=1, ge=1)
    max_ongoing_requests: int = Field(default=200, ge=1)
    """Requests that one replica works on; an event stream is one."""
    max_queued_requests: int = Field(default=200, ge=1)
    """Requests that wait in the proxy; more are answered 429."""

    @classmethod
    def of(cls, settings: Settings, workers: tuple[str, ...], namespace: str) -> AppArgs:
        return cls(tree=public_tree(settings), workers=workers, namespace=namespace)


def build_app(args: AppArgs) -> serve.Application:
    """`import_path: serve_app.builder:build_app` of a Serve config file."""

    def in_replica() -> FastAPI:
        from actors.loopback import bind_loopback_only
        from serve_app.app import create_app
        from serve_app.backend import open_backend

        settings = Settings(**args.tree)
        if settings.server.host == "127.0.0.1":
            bind_loopback_only()
        backend = open_backend(settings, workers=args.workers, namespace=args.namespace)
        return create_app(backend, behind_serve=True)

    ingress: Any = serve.ingress(in_replica)()
    configure: Any = serve.deployment(
        name="api",
        num_replicas=args.replicas,
        max_ongoing_requests=args.max_ongoing_requests,
        max_queued_requests=args.max_queued_requests,
        backpressure_config={"status_code": 429, "retry_after_s": 2},
        ray_actor_options={"num_cpus": 0.1},
        health_check_period_s=10,
        graceful_shutdown_timeout_s=5,
    )
    application: serve.Application = configure(ingress).bind()
    return application
