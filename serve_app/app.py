"""The application, without Ray: tests and Serve build the same one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from qlp import __version__
from serve_app import documents, problem_details
from serve_app.backend import Backend
from serve_app.middleware import BodyLimit, RequestId
from serve_app.routers import (
    capsules,
    chat,
    costs,
    execute,
    experiments,
    health,
    models,
    route,
    run_code,
    runs,
    sandboxes,
    validate,
)


def create_app(backend: Backend, *, behind_serve: bool = False) -> FastAPI:
    """`behind_serve`: Ray Serve's proxy makes the request ids and writes the header itself."""
    app = FastAPI(
        title="QLP",
        version=__version__,
        summary="Plain-language requests to verified software.",
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.backend = backend
    areas = (
        runs, chat, models, costs, route, experiments, capsules, execute, sandboxes, run_code, validate, health
    )  # fmt: skip
    for area in areas:
        app.include_router(area.router)
    problem_details.install(app)
    documents.install(app)
    app.add_middleware(BodyLimit, limit=backend.settings.server.max_body_bytes)
    app.add_middleware(RequestId, write=not behind_serve)  # the last added is the outermost
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    if (gateway := getattr(app.state, "gateway", None)) is not None:
        await gateway.close()
