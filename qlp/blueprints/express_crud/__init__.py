"""`express-crud`: a REST API in TypeScript on Express, from entities, relations and rules."""

from qlp.blueprints.express_crud.blueprint import ExpressCrud

__all__ = ["ExpressCrud"]
