"""Command-line tools over a SQLite file: argparse, typed options, exact figures, import and export."""

from qlp.blueprints.python_cli.blueprint import PythonCli

__all__ = ["PythonCli"]
