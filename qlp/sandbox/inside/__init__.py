"""The part of QLP that runs inside a sandbox: Python's standard library only, 3.9 or later.

The sources are sent over the sandbox's stdin (see `boot`), so that no image has to carry them and a remote engine
works. The host imports `frames` and `paths` too: both ends share one definition.
"""
