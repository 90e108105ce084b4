"""The function catalogue: well-known functions and classes with property-style tests, in Python, JavaScript and Go."""

from qlp.blueprints.functions.blueprint import FunctionCatalogue
from qlp.blueprints.functions.catalogue import Entry, catalogue
from qlp.blueprints.functions.finding import find

__all__ = ["Entry", "FunctionCatalogue", "catalogue", "find"]
