"""Typed Python libraries (units, validators, domain models), and the layout that all Python blueprints share."""

from qlp.blueprints.python_library.blueprint import PythonLibrary

__all__ = ["PythonLibrary"]
