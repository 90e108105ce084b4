"""cluster -> serve_app -> actors -> qlp: arrows point one way, and the core knows neither ray nor fastapi."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("qlp", "actors", "serve_app", "cluster")
OUTSIDE_THE_CORE = {"ray", "fastapi", "starlette", "uvicorn", "dbos"}

pytestmark = pytest.mark.unit


def _imports(file: Path) -> set[str]:
    """Top-level packages that a file imports anywhere, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


def _sources(layer: str) -> list[Path]:
    return [p for p in (ROOT / layer).rglob("*.py") if "templates" not in p.parts and "data" not in p.parts]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_layers_below(layer: str) -> None:
    above = set(LAYERS[LAYERS.index(layer) + 1 :])
    wrong = {str(p.relative_to(ROOT)): sorted(_imports(p) & above) for p in _sources(layer) if _imports(p) & above}
    assert not wrong
    assert _sources(layer), f"{layer} has no source: the test looks at the wrong place"


def test_the_core_imports_neither_ray_nor_fastapi() -> None:
    wrong = {str(p.relative_to(ROOT)): sorted(_imports(p) & OUTSIDE_THE_CORE) for p in _sources("qlp")}
    assert not {k: v for k, v in wrong.items() if v}


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys; sys.argv = ['qlp', '--help']\n"
        "from qlp.cli.main import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "heavy = {'ray', 'fastapi', 'openai', 'docker', 'sqlalchemy', 'pydantic', 'dbos', 'httpx'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
