"""Syntax tree -> the small tree of ir.py, one module a language."""
