"""REST APIs in Python: FastAPI over SQLite, one module a thing in each layer."""

from qlp.blueprints.fastapi_crud.blueprint import FastApiCrud

__all__ = ["FastApiCrud"]
