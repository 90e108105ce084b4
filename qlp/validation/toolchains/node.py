"""JavaScript and TypeScript: TypeScript's parser and V8's, eslint, tsc, node:test and vitest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from qlp.models import Stage
from qlp.sandbox.protocol import Command
from qlp.validation import readings
from qlp.validation.check import Check, Skip, StagePlan, Toolchain
from qlp.validation.package_json import package_json
from qlp.validation.parsers.eslint import eslint
from qlp.validation.parsers.own_tests import own_tests
from qlp.validation.parsers.tsc import tsc
from qlp.validation.project import Project
from qlp.validation.toolchains._support import support

_JAVASCRIPT = (".js", ".mjs", ".cjs", ".jsx")
_TYPESCRIPT = (".ts", ".mts", ".cts", ".tsx")
_BIN = "/opt/qlp/node/node_modules/.bin"
_MODULES = "/opt/qlp/node/node_modules"
_ESLINT_CONFIGS = tuple(f"eslint.config.{suffix}" for suffix in ("js", "mjs", "cjs", "ts", "mts", "cts"))
_MADE = ("dist/", "build/", "node_modules/", "coverage/", "vendor/")
_TSCONFIG = ".qlp/tsconfig.json"
_OPTIONS = {
    "target": "es2022", "lib": ["es2023", "dom", "dom.iterable"], "module": "preserve", "moduleResolution": "bundler",
    "strict": True, "noEmit": True, "skipLibCheck": True, "esModuleInterop": True, "resolveJsonModule": True,
    "allowImportingTsExtensions": True, "jsx": "preserve", "types": ["node"], "typeRoots": [f"{_MODULES}/@types"],
    "paths": {"*": [f"{_MODULES}/*", f"{_MODULES}/@types/*"]},
}  # fmt: skip
"""For TypeScript that comes without a tsconfig.json: what `tsc --init` sets, for any kind of module."""


def _plan(project: Project) -> Mapping[Stage, StagePlan]:
    sources = project.of((*_JAVASCRIPT, *_TYPESCRIPT))
    if not sources:
        return {}
    readable = tuple(p for p in sources if p in project.text)
    names = b"".join(p.encode() + b"\0" for p in sources)
    parse = Command(
        argv=("node", "--experimental-vm-modules", "--no-warnings", ".qlp/js_syntax.cjs"), stdin=names, wall_s=60
    )
    return {
        "syntax": (Check("typescript", parse, readings.syntax_report),),
        "style": _style(project, readable),
        "types": _types(project, readable),
        "tests": _tests(project),
    }


def _style(project: Project, readable: Sequence[str]) -> StagePlan:
    written = [p for p in project.ours(readable) if p not in _ESLINT_CONFIGS and not p.startswith(_MADE)]
    written = [p for p in written if not p.endswith((".min.js", ".d.ts"))]
    if not written:
        return Skip("every file was made by a tool, or is no UTF-8 text", applicable=False)
    whose = "own" if any(name in project.text for name in _ESLINT_CONFIGS) else "packaged"
    command = Command(argv=("sh", ".qlp/js_lint.sh", whose), wall_s=180)
    return (Check("eslint", command, eslint, paths=tuple(f"./{p}" for p in written)),)


def _types(project: Project, readable: Sequence[str]) -> StagePlan:
    typed = [p for p in readable if p.endswith(_TYPESCRIPT) and not p.startswith(_MADE)]
    if not typed:
        return Skip("plain JavaScript declares no types", applicable=False)
    parse = tsc(package_json(project.text).packages)
    argv = (f"{_BIN}/tsc", "--noEmit", "--pretty", "false", "-p")
    if "tsconfig.json" in project.text:
        return (Check("tsc", Command(argv=(*argv, "tsconfig.json"), wall_s=180), parse),)
    config = json.dumps({"compilerOptions": _OPTIONS, "files": [f"../{p}" for p in typed]}).encode()
    return (Check("tsc", Command(argv=(*argv, _TSCONFIG), wall_s=180), parse, files={_TSCONFIG: config}),)


def _tests(project: Project) -> StagePlan:
    commands = [c for c in project.contract.commands if c.purpose == "test"]
    if not commands:
        return Skip("no test was given or generated")
    return tuple(
        Check(
            "vitest" if any("vitest" in word for word in c.argv) else "node",
            Command(argv=("node", ".qlp/js_tests.cjs", *c.argv), env=dict(c.env)),
            own_tests,
        )
        for c in commands
    )


_VERSIONS = """
const { createRequire } = require('node:module');
const from = createRequire('/opt/qlp/node/package.json');
console.log('node', process.versions.node);
for (const name of ['typescript', 'eslint', 'typescript-eslint', 'vitest', 'tsx', 'express', 'fast-check']) {
  try {
    const { version } = from(name + '/package.json');
    console.log(name, version);
    if (name === 'typescript') console.log('tsc', version);
  } catch { console.log(name, 'missing'); }
}
"""

NODE = Toolchain(
    name="node",
    profile="node",
    languages=("javascript", "typescript"),
    plan=_plan,
    versions=Command(argv=("node", "-e", _VERSIONS), wall_s=20),
    support=support(
        "js_syntax.cjs", "js_lint.sh", "eslint.config.mjs", "js_tests.cjs", "js_reporter.mjs",
        "jest/vitest.config.mjs", "jest/setup.mjs",
    ),
    trees={
        **dict.fromkeys(_JAVASCRIPT, "javascript"),
        **dict.fromkeys(_TYPESCRIPT, "typescript"),
    },
)  # fmt: skip
