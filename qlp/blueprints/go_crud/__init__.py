"""`go-crud`: a REST API in Go on net/http, from entities, relations and rules."""

from qlp.blueprints.go_crud.blueprint import GoCrud

__all__ = ["GoCrud"]
