"""Smoke requests from an OpenAPI file: only what needs nothing invented, and no trouble from hostile ones."""

from __future__ import annotations

import json

import pytest
import yaml

from qlp.models import Route, SourceFile
from qlp.validation.smoke import MOST_BYTES, service_of
from tests.support.fake_tools import contract

pytestmark = pytest.mark.unit

OPENAPI = {
    "openapi": "3.1.0",
    "servers": [{"url": "http://localhost:9000/v1/"}],
    "paths": {
        "/healthz": {"get": {"responses": {"200": {}}}},
        "/books": {
            "get": {
                "parameters": [{"name": "limit", "in": "query"}, {"$ref": "#/components/parameters/page"}],
                "responses": {"200": {}, "401": {}, "500": {}, "default": {}},
            },
            "post": {"responses": {"201": {}}},
        },
        "/books/{id}": {"get": {"responses": {"200": {}}}},
        "/search": {"get": {"parameters": [{"name": "q", "in": "query", "required": True}], "responses": {"200": {}}}},
        "/tenant": {"parameters": [{"$ref": "#/components/parameters/key"}], "get": {"responses": {"200": {}}}},
        "/range": {"get": {"responses": {"2XX": {}}}},
    },
    "components": {
        "parameters": {"page": {"name": "page", "in": "query"}, "key": {"name": "k", "in": "header", "required": True}}
    },
}


def file(path: str, content: str) -> tuple[SourceFile, ...]:
    return (SourceFile(path=path, content=content),)


@pytest.mark.parametrize("path", ["openapi.json", "openapi.yaml"])
def test_gets_without_required_parameters_are_asked(path: str) -> None:
    text = json.dumps(OPENAPI) if path.endswith("json") else yaml.safe_dump(OPENAPI)
    service = service_of(contract(), file(path, text))
    asked = {r.route.path: r for r in service.requests}
    assert set(asked) == {"/v1/healthz", "/v1/books", "/v1/range"}
    assert asked["/v1/books"].accepted == {200, 401}
    assert asked["/v1/books"].takes(401)
    assert not asked["/v1/books"].takes(500)
    assert not asked["/v1/books"].takes(404)
    assert asked["/v1/range"].takes(204)
    assert (service.origin, service.probe, service.any_answer) == (path, "/v1/healthz", True)


def test_the_contracts_own_routes_come_first() -> None:
    mine = contract(routes=(Route(method="POST", path="/x", status=201),), port=9)
    service = service_of(mine, file("openapi.json", json.dumps(OPENAPI)))
    assert [(r.route.path, r.takes(201), r.takes(200)) for r in service.requests] == [("/x", True, False)]
    assert (service.probe, service.any_answer, service.port) == ("/health", False, 9)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"openapi": "3.0.0"}', '{"paths": {}}', "[" * 100_000, "x" * (MOST_BYTES + 1)],
    ids=["empty", "list", "cut", "no paths", "no version", "deep", "huge"],
)
@pytest.mark.parametrize("path", ["openapi.json", "openapi.yaml"])
def test_what_is_no_openapi_is_said_and_nothing_is_asked(path: str, text: str) -> None:
    service = service_of(contract(), file(path, text))
    assert service.requests == ()
    assert path in service.problem


@pytest.mark.parametrize(
    "paths",
    [
        {"/a": None},
        {"/a": {"get": None}},
        {"/a": {"get": {"responses": None}}},
        {"/a": {"get": {"parameters": "x", "responses": {}}}},
        {"/a": {"get": {"parameters": [{"$ref": "#/no/where"}], "responses": {"200": {}}}}},
        {3: {}},
    ],
)
def test_odd_documents_ask_nothing(paths: dict[object, object]) -> None:
    text = yaml.safe_dump({"openapi": "3.0.0", "paths": paths})
    assert service_of(contract(), file("openapi.yaml", text)).requests == ()
