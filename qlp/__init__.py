"""QLP core: the whole pipeline from request to signed capsule, in plain Python.

Nothing here imports ray or fastapi (a test holds that): the same code runs in one process,
inside a Ray actor, or behind HTTP.
"""

__version__ = "0.1.0"
