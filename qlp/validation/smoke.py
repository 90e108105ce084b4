"""The requests that a running service is asked: the contract's, or those that its OpenAPI file promises."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from qlp.models import InterfaceContract, Route, SourceFile

OPENAPI_FILES = ("openapi.json", "openapi.yaml", "openapi.yml")
MOST_BYTES = 262_144
"""An OpenAPI file larger than this is not read: pure Python needs about a second for it."""
MOST_REQUESTS = 50
HEALTH_PATHS = ("/health", "/healthz", "/readyz", "/ready", "/livez", "/live", "/ping", "/status")
DEFAULT_PORT = 8000
"""Where a service is expected that is told by PORT and whose contract names no port."""


@dataclass(frozen=True)
class SmokeRequest:
    route: Route
    accepted: frozenset[int] = frozenset()
    """Statuses that are documented for it; empty: only the route's own."""

    def takes(self, status: int) -> bool:
        return status in (self.accepted or {self.route.status})

    @property
    def expected(self) -> str:
        return " or ".join(map(str, sorted(self.accepted))) or str(self.route.status)


@dataclass(frozen=True)
class Service:
    """How a service is probed and asked."""

    port: int
    probe: str
    """Path of the readiness probe."""
    any_answer: bool = False
    """The probe's path was not promised: any answer below 500 shows that the service is there."""
    requests: tuple[SmokeRequest, ...] = ()
    origin: str = "contract"
    """Where the requests come from: `contract`, or the OpenAPI file's path."""
    problem: str = ""
    """Why the OpenAPI file could not be used."""
    facts: Mapping[str, int | float | str] = field(default_factory=dict)


def service_of(contract: InterfaceContract, files: tuple[SourceFile, ...]) -> Service:
    """Blocking: reads an OpenAPI file if the contract has no routes."""
    port = contract.port or DEFAULT_PORT
    if contract.routes:
        return Service(port, contract.health, requests=tuple(SmokeRequest(r) for r in contract.routes))
    file = next((f for f in files if f.path in OPENAPI_FILES), None)
    if file is None:
        return Service(port, contract.health, any_answer=contract.port is None)
    try:
        document = _read(file)
        paths = document.get("paths")
        if not isinstance(paths, dict):
            raise ValueError("it has no `paths`")
        requests = tuple(_requests(document, paths))[:MOST_REQUESTS]
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        return Service(port, contract.health, True, origin=file.path, problem=f"{file.path} is no OpenAPI: {said}")
    known = [p for p in (contract.health, *HEALTH_PATHS) if p in paths]
    probe = _base(document) + known[0] if known else requests[0].route.path if requests else contract.health
    return Service(port, probe, any_answer=True, requests=requests, origin=file.path)


def _read(file: SourceFile) -> dict[str, Any]:
    if len(file.content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES:,} characters")
    found = json.loads(file.content) if file.path.endswith(".json") else yaml.safe_load(file.content)
    if not isinstance(found, dict) or not str(found.get("openapi", found.get("swagger", ""))):
        raise ValueError("it does not say `openapi`")
    return found


def _requests(document: dict[str, Any], paths: dict[Any, Any]) -> Iterator[SmokeRequest]:
    """GETs without required parameters: what answers them needs nothing that we would have to invent."""
    base = _base(document)
    for path, item in paths.items():
        if not isinstance(path, str) or not path.startswith("/") or "{" in path or not isinstance(item, dict):
            continue
        get = item.get("get")
        if not isinstance(get, dict) or _needs(document, item) or _needs(document, get):
            continue
        responses = get.get("responses")
        documented = frozenset(_statuses(responses)) if isinstance(responses, dict) else frozenset()
        if documented:
            best = min(documented, key=lambda s: (not 200 <= s < 300, s))
            yield SmokeRequest(Route(method="GET", path=base + path, status=best), documented)


def _statuses(responses: dict[Any, Any]) -> Iterator[int]:
    """Documented ones below 500; `2XX` is its hundred."""
    for name in responses:
        text = str(name).upper()
        if text.isdigit() and 200 <= int(text) < 500:
            yield int(text)
        elif len(text) == 3 and text.endswith("XX") and text[0] in "234":
            yield from range(int(text[0]) * 100, int(text[0]) * 100 + 100)


def _needs(document: dict[str, Any], owner: dict[Any, Any]) -> bool:
    parameters = owner.get("parameters")
    if not isinstance(parameters, list):
        return False
    for parameter in parameters:
        found = _resolved(document, parameter)
        if found is None or found.get("required"):
            return True
    return False


def _resolved(document: dict[str, Any], found: Any) -> dict[str, Any] | None:
    """A parameter, or what its `$ref` inside the document points at; None for one that leads nowhere."""
    if not isinstance(found, dict):
        return None
    reference = found.get("$ref")
    if not isinstance(reference, str):
        return found
    here: Any = document
    for name in reference.removeprefix("#/").split("/"):
        here = here.get(name) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else None


def _base(document: dict[str, Any]) -> str:
    """Path of the first server's URL, such as /v1."""
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
    url = str(first.get("url", "")).partition("://")[2] or str(first.get("url", ""))
    base = url[url.find("/") :] if "/" in url else ""
    return "" if "{" in base else base.rstrip("/")
