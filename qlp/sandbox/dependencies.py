"""Dependencies of an operator's profile, fetched outside the sandbox: wheels, npm packages, Go modules.

No code of a package runs on the host: pip takes wheels only, npm runs no scripts, git is forbidden, and what could be a
local path or a repository is refused. The network is reached through allowlist.py. Each manager keeps its cache in
`$QLP_HOME/cache`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement

from qlp.errors import InputError, SandboxUnavailableError
from qlp.sandbox import allowlist, debian, toolchain
from qlp.sandbox.profiles import DEPS

Kind = Literal["python", "node", "go"]
_TIMEOUT_S = 900
_HASH = re.compile(r"--hash=sha(?:256|384|512):[0-9a-f]+")
_OWN_CONFIG = {True: "--isolated", False: "--no-config"}
"""How pip, and how uv is told to read no configuration of the user's."""
_SPEC = re.compile(r"[^:/]*|npm:[^:]*")


@dataclass(frozen=True)
class Fetch:
    """Where dependencies may come from."""

    hosts: tuple[str, ...]
    """Hosts that may be reached (`QLP_SANDBOX__INDEXES`)."""
    index: str = ""
    """Index, registry or module proxy to use; empty takes the public one."""
    user_config: bool = False
    """Let pip, npm and go read the user's own configuration and variables (mirrors, credentials)."""
    wheels: Path | None = None
    """Folder of wheels that are looked at first."""
    offline: bool = False
    """Ask no index at all."""


def kind_of(file: Path) -> Kind:
    """Raises InputError."""
    if file.name == "package.json":
        return "node"
    if file.name == "go.mod":
        return "go"
    if file.suffix in (".txt", ".in"):
        return "python"
    raise InputError(f"{file.name}: give a requirements.txt, a package.json or a go.mod")


def plain(kind: Kind, text: str) -> str:
    """The file as the package manager gets it: nothing but plain dependencies of an index. Raises InputError.

    Requirements are written anew: what this parser and pip's would read differently cannot pass.
    """
    if kind == "python":
        return "".join(f"{line}\n" for line in _requirements(text))
    if kind == "node":
        _check_package_json(text)
    return text


def _requirements(text: str) -> Iterator[str]:
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line)
        wanted = _HASH.sub("", bare).strip()
        if not wanted:
            continue
        try:
            requirement = Requirement(wanted)
        except InvalidRequirement as error:
            raise InputError(
                f"{wanted!r} is not a plain requirement (options, paths and URLs are refused: installing them could "
                "run code on this machine); use names and versions, and --wheels for local wheels"
            ) from error
        if requirement.url:
            raise InputError(f"{wanted!r}: requirements by URL are refused; use --wheels FOLDER for local wheels")
        yield " ".join((str(requirement), *_HASH.findall(bare)))


def _check_package_json(text: str) -> None:
    try:
        package = json.loads(text)
        kinds = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "overrides")
        wanted = {name: spec for kind in kinds for name, spec in package.get(kind, {}).items()}
        workspaces = package.get("workspaces")
    except (ValueError, AttributeError) as error:
        raise InputError(f"package.json is not valid: {error}") from error
    if workspaces:
        raise InputError("workspaces are refused: add the package.json of one package")
    for name, spec in wanted.items():
        if not isinstance(spec, str) or not _SPEC.fullmatch(spec):
            raise InputError(f"{name}: {spec!r} is no version of a registry (paths, repositories and URLs are refused)")


def check_lock(text: str) -> None:
    """A package-lock.json that names nothing but packages of registries. Raises InputError."""
    try:
        packages = json.loads(text).get("packages", {})
        links = [path for path, what in packages.items() if what.get("link")]
        sources = {str(what["resolved"]) for what in packages.values() if "resolved" in what}
    except (ValueError, AttributeError) as error:
        raise InputError(f"package-lock.json is not valid: {error}") from error
    if links or (sources := {source for source in sources if not source.startswith("https://")}):
        raise InputError(f"package-lock.json names what no registry has: {', '.join(sorted((*links, *sources))[:5])}")


def fetch(kind: Kind, file: Path, tree: Path, scratch: Path, home: Path, how: Fetch, target: toolchain.Target) -> None:
    """Install what `file` asks for into `tree` (it will be at /opt/qlp/deps). Blocking.

    Raises InputError, and SandboxUnavailableError with the package manager's output.
    """
    install = {"python": _python, "node": _node, "go": _go}[kind]
    tree.mkdir(parents=True)
    with allowlist.allow_only(how.hosts) as (proxy, refused):
        env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(scratch), "GIT_ALLOW_PROTOCOL": "none"}
        env |= {k: v for k, v in os.environ.items() if k in ("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS")}
        if how.user_config:
            env |= dict(os.environ) | {"GIT_ALLOW_PROTOCOL": "none"}
        try:
            install(file, tree, scratch, home / "cache", how, target, {**env, **proxy})
        except SandboxUnavailableError as error:
            hint = (
                f"\nrefused by the allow-list (QLP_SANDBOX__INDEXES): {', '.join(sorted(set(refused)))}"
                if refused
                else ""
            )
            raise SandboxUnavailableError(f"{error.detail}{hint}") from error


def _python(
    file: Path, tree: Path, scratch: Path, cache: Path, how: Fetch, target: toolchain.Target, env: Mapping[str, str]
) -> None:
    site = tree / "python"
    argv = toolchain.pip_argv(site, target, deps=True)
    argv += ["--cache-dir", str(cache / "pip"), *(() if how.user_config else (_OWN_CONFIG[argv[0] == sys.executable],))]
    argv += ["--index-url", how.index] if how.index else []
    argv += ["--no-index"] if how.offline else []
    argv += ["--find-links", str(how.wheels.resolve())] if how.wheels else []
    wanted = scratch / "requirements.txt"
    wanted.write_text(plain("python", file.read_text("utf-8")), "utf-8")
    _run([*argv, "-r", str(wanted)], env, scratch)
    site.mkdir(exist_ok=True)  # nothing to install is fine
    toolchain.move_scripts(site, tree / "bin")
    if not target.cross:
        compile_all = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(site)]
        _run([sys.executable, *compile_all, "-p", f"{DEPS}/python", str(site)], env, scratch, check=False)


def _node(
    file: Path, tree: Path, scratch: Path, cache: Path, how: Fetch, target: toolchain.Target, env: Mapping[str, str]
) -> None:
    shutil.copy2(file, tree / "package.json")
    lock = file.with_name("package-lock.json")
    if lock.is_file():
        check_lock(lock.read_text("utf-8"))
        shutil.copy2(lock, tree / lock.name)
    node = toolchain.path("node", cache.parent, toolchain.host_target())
    argv = [
        str(node / "bin/node"),
        str(node / "lib/node_modules/npm/bin/npm-cli.js"),
        "ci" if lock.is_file() else "install",
    ]
    argv += ["--ignore-scripts", "--no-audit", "--no-fund", "--include=dev", f"--cache={cache / 'npm'}"]
    argv += ["--os=linux", f"--cpu={toolchain.npm_cpu(target)}", "--libc=glibc"]
    argv += ["--offline"] if how.offline else []
    argv += [f"--registry={how.index}"] if how.index else []
    if not how.user_config:
        argv += [f"--userconfig={scratch / 'none'}", f"--globalconfig={scratch / 'nothing'}"]
    _run(argv, env, tree)
    (tree / "node_modules").mkdir(exist_ok=True)
    (tree / "bin").symlink_to("node_modules/.bin")


def _go(
    file: Path, tree: Path, scratch: Path, cache: Path, how: Fetch, target: toolchain.Target, env: Mapping[str, str]
) -> None:
    packaged = sorted((debian.rootfs_path(debian.recipe("go"), cache.parent) / "usr/lib").glob("go-*/bin/go"))
    go = shutil.which("go") or (str(packaged[0]) if packaged else "")
    if not go:
        raise SandboxUnavailableError(
            "fetching Go modules needs go: apt-get install golang-go, or: qlp sandbox build go"
        )
    if how.user_config:
        told = _run([go, "env", "-json"], env, scratch)
        env = {**env, **{k: v for k, v in json.loads(told).items() if k in ("GOPROXY", "GOSUMDB", "GONOSUMDB") and v}}
    work = scratch / "module"
    work.mkdir()
    for name in ("go.mod", "go.sum"):
        if file.with_name(name).is_file():
            shutil.copy2(file.with_name(name), work / name)
    mine = {"GOMODCACHE": str(tree / "mod"), "GOPATH": str(scratch / "go"), "GOFLAGS": "-modcacherw -mod=mod"}
    mine |= {"GOCACHE": str(scratch / "gocache"), "GOTOOLCHAIN": "local", "GOENV": "off", "GOVCS": "*:off"}
    proxies = "off" if how.offline else how.index or "https://proxy.golang.org"
    mine |= {} if how.user_config and not how.index and not how.offline else {"GOPROXY": proxies}
    mine |= {"GOSUMDB": "off"} if how.index else {}  # its modules are not in the public log; go.sum still holds
    _run([go, "mod", "download", "all"], {**env, **mine}, work)
    (tree / "mod").mkdir(exist_ok=True)


def holds(kind: Kind, tree: Path) -> tuple[str, ...]:
    """`name version` of everything that was installed."""
    if kind == "python":
        found = [p.name.removesuffix(".dist-info").replace("-", " ", 1) for p in (tree / "python").glob("*.dist-info")]
    elif kind == "node":
        lock = tree / "node_modules/.package-lock.json"
        packages = json.loads(lock.read_text("utf-8")).get("packages", {}) if lock.is_file() else {}
        found = [f"{path.rpartition('node_modules/')[2]} {what.get('version', '?')}" for path, what in packages.items()]
    else:
        found = [
            f"{mod.relative_to(tree / 'mod/cache/download').parent.parent} {mod.stem}"
            for mod in (tree / "mod/cache/download").glob("**/@v/*.zip")
        ]
    return tuple(sorted(found))


def _run(argv: list[str], env: Mapping[str, str], cwd: Path, *, check: bool = True) -> str:
    try:
        done = subprocess.run(
            argv, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_S,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise SandboxUnavailableError(f"{Path(argv[0]).name} took more than {_TIMEOUT_S} s") from error
    if check and done.returncode != 0:
        raise SandboxUnavailableError(
            f"fetching dependencies failed: {' '.join(argv[:5])} ...\n{(done.stderr or done.stdout)[-2000:]}"
        )
    return done.stdout
