"""Runs in the sandbox, in any image, with the standard library alone: proposes small changes of a program's text.

`python_code` works on Python's syntax tree, `code` on the tokens of every other language, `sample` chooses.
"""
