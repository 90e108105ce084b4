"""JavaScript and TypeScript: TypeScript's parser, eslint, tsc, node:test."""

from __future__ import annotations

from collections.abc import Mapping

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.project import Project
from qlp.validation.toolchains._support import support

_SOURCE = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx")
_BIN = "/opt/qlp/node/node_modules/.bin"
_ESLINT_CONFIGS = ("eslint.config.js", "eslint.config.mjs", "eslint.config.cjs")


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    files, contract = project.text, project.contract
    sources = tuple(sorted(p for p in files if p.endswith(_SOURCE)))
    if not sources:
        return {}
    own_config = any(name in files for name in _ESLINT_CONFIGS)
    config = () if own_config else ("--config", ".qlp/eslint.config.mjs")
    lintable = tuple(p for p in sources if p not in _ESLINT_CONFIGS and p not in contract.given) or sources
    types: StagePlan = Skip("the project has no tsconfig.json: plain JavaScript declares no types")
    if "tsconfig.json" in files:
        types = (
            Check(
                "tsc",
                Command(argv=(f"{_BIN}/tsc", "--noEmit", "--pretty", "false", "-p", "."), wall_s=120),
                readings.tsc,
            ),
        )
    test = contract.command("test")
    tests: StagePlan = Skip("no test was given or generated")
    if test is not None:
        parse = readings.node_test if "--test" in test.argv else readings.exit_code("tests")
        tests = (Check("node", Command(argv=test.argv, env=dict(test.env)), parse),)
    return {
        "syntax": (
            Check("typescript", Command(argv=("node", ".qlp/js_syntax.cjs"), wall_s=60), readings.syntax_report),
        ),
        "style": (
            Check(
                "eslint",
                Command(argv=(f"{_BIN}/eslint", *config, "--format", "json", *lintable), wall_s=120),
                readings.eslint,
            ),
        ),
        "types": types,
        "security": Skip(f"no security analyser for {contract.language} is in the sandbox image"),
        "tests": tests,
    }


_VERSIONS = """
const { createRequire } = require('node:module');
const from = createRequire('/opt/qlp/node/package.json');
console.log('node', process.versions.node);
for (const name of ['typescript', 'eslint', 'express', 'fast-check']) {
  try { console.log(name === 'typescript' ? 'tsc' : name, from(name + '/package.json').version); }
  catch { console.log(name, 'missing'); }
}
"""

NODE = Toolchain(
    name="node",
    profile="node",
    languages=("javascript", "typescript"),
    plan=_plan,
    versions=Command(argv=("node", "-e", _VERSIONS), wall_s=20),
    support=support("js_syntax.cjs", "eslint.config.mjs"),
    trees={".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".ts": "typescript", ".mts": "typescript"},
)
