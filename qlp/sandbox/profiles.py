"""What each profile's sandbox looks like from the inside: one layout for the image and for the host toolchain.

Built-in profiles are below; an operator's own (`qlp sandbox image add`) are files in `$QLP_HOME/sandbox/profiles`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from qlp.config import home as qlp_home
from qlp.errors import InputError, SandboxUnavailableError
from qlp.models._base import Frozen

IMAGE_PROFILES: tuple[str, ...] = ("python", "node", "go", "java", "rust", "c", "scripts", "mono", "analysis")
"""Built in, in the order in which they are listed; `analysis` holds what reads code of any language and runs none."""
DEFAULT_PROFILES: tuple[str, ...] = ("python", "node", "go", "analysis")
"""What `qlp sandbox build` makes unless told otherwise: the languages that QLP generates, and the security stage."""

WORKSPACE = "/workspace"
OPT = "/opt/qlp"
"""Toolchains live at /opt/qlp/<profile>, dependencies of an added profile at /opt/qlp/deps, read-only."""
DEPS = f"{OPT}/deps"
NODE_MODULES, NODE_MODULES_TARGET = "/node_modules", f"{DEPS}/node_modules"
"""Node looks for packages beside a program and then upwards, so this link serves import and require alike."""
RUNNER = f"{OPT}/runner"
"""Python of an image that has none of its own: an added profile from a foreign image."""

_LANGUAGES: dict[str, tuple[str, ...]] = {
    "python": ("python",),
    "node": ("javascript", "typescript"),
    "go": ("go",),
    "java": ("java",),
    "rust": ("rust",),
    "c": ("c", "c++"),
    "scripts": ("ruby", "php", "perl", "lua", "bash", "sql"),
    "mono": ("c#",),
    "analysis": (),
}
_PATH = "/usr/local/bin:/usr/bin:/bin"
_HOME = f"{WORKSPACE}/.home"

_ENV: dict[str, dict[str, str]] = {
    "python": {"PATH": f"{OPT}/python/bin:{_PATH}", "VIRTUAL_ENV": f"{OPT}/python"},
    "node": {"PATH": f"{OPT}/node/bin:{_PATH}", "NO_UPDATE_NOTIFIER": "1", "NPM_CONFIG_OFFLINE": "true"},
    "go": {
        "PATH": f"{OPT}/go/bin:{_PATH}",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
        "GOPATH": f"{_HOME}/go",
        "GOCACHE": f"{_HOME}/.cache/go-build",
    },
    "java": {"PATH": f"{OPT}/java/bin:{_PATH}"},
    "rust": {"PATH": f"{OPT}/rust/bin:{_PATH}", "CARGO_HOME": f"{_HOME}/.cargo", "CARGO_NET_OFFLINE": "true"},
    "c": {"PATH": f"{OPT}/c/bin:{_PATH}"},
    "scripts": {"PATH": f"{OPT}/scripts/bin:{_PATH}"},
    "mono": {"PATH": f"{OPT}/mono/bin:{_PATH}"},
    "analysis": {"PATH": f"{OPT}/analysis/bin:{_PATH}", "VIRTUAL_ENV": f"{OPT}/analysis"},
}

_COMMON = {
    "HOME": _HOME,
    "TMPDIR": "/tmp",  # the sandbox's own, not the host's
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "CI": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


class AddedProfile(Frozen):
    """A profile that an operator added; stored as JSON."""

    schema_version: Literal[1] = 1
    name: str
    kind: Literal["python", "node", "go", "image"]
    base: str = ""
    """The built-in profile below; empty for a foreign image."""
    source: str
    """The file or image that it was made from."""
    digest: str
    """sha256 of what was asked for, the base included; another digest is another image."""
    holds: tuple[str, ...] = ()
    """Dependencies with their versions, as installed."""
    image: str = ""
    """Reference for a container engine; empty if it was not built for one."""
    tree: str = ""
    """Folder of the dependencies, relative to `$QLP_HOME`; empty for a foreign image."""
    path: str = _PATH
    """PATH of a foreign image."""
    env: dict[str, str] = {}


def check_name(name: str) -> str:
    """A name that an added profile may have. Raises InputError."""
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name for a profile: small letters, digits, '-', '_' and '.', at most 63")
    if name in IMAGE_PROFILES or any(name in languages for languages in _LANGUAGES.values()):
        raise InputError(f"{name!r} is a built-in profile or a language; choose another name")
    return name


def record_path(name: str, home: Path | None = None) -> Path:
    return (home or qlp_home()) / "sandbox" / "profiles" / f"{name}.json"


def added(name: str, home: Path | None = None) -> AddedProfile | None:
    """The added profile of this name. Raises SandboxUnavailableError if its record cannot be read."""
    if not _NAME.fullmatch(name):
        return None
    file = record_path(name, home)
    try:
        return AddedProfile.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise SandboxUnavailableError(f"the record of profile {name} is broken ({error}); remove {file}") from error


def added_names(home: Path | None = None) -> tuple[str, ...]:
    folder = record_path("x", home).parent
    return tuple(sorted(file.stem for file in folder.glob("*.json"))) if folder.is_dir() else ()


def image_profile(name: str, home: Path | None = None, others: Collection[str] = ()) -> str:
    """The profile that a name means: a profile, built in or added, or a language. Raises InputError.

    `others`: names that the settings add (`QLP_SANDBOX__IMAGES`).
    """
    if name in others or name in IMAGE_PROFILES:
        return name
    for profile, languages in _LANGUAGES.items():
        if name in languages:
            return profile
    if added(name, home):
        return name
    known = ", ".join((*IMAGE_PROFILES, *added_names(home), *others))
    raise InputError(f"no such sandbox profile: {name!r}; there are {known}")


def languages(profile: str) -> tuple[str, ...]:
    """The languages of a built-in profile; an added one is known by its own name alone."""
    return _LANGUAGES.get(profile, (profile,))


def environment(profile: str, home: Path | None = None) -> dict[str, str]:
    """Variables that every command starts with; a command's own `env` goes on top.

    A name that only the settings know (`QLP_SANDBOX__IMAGES`) has the plain ones.
    """
    if profile in _ENV:
        return {**_COMMON, **_ENV[profile]}
    for built_in, names in _LANGUAGES.items():
        if profile in names:
            return environment(built_in)
    more = added(profile, home)
    if more is None:
        return {**_COMMON, "PATH": _PATH}
    if not more.base:
        return {**_COMMON, "PATH": more.path, **more.env}
    base = environment(more.base)
    return {**base, "PATH": f"{DEPS}/bin:{base['PATH']}", **more.env}


def profile_python(profile: str, home: Path | None = None) -> tuple[str, ...]:
    """The Python that is process 1 in a profile's image: the image's own, or the one that was put in for it.

    The latter is started through its own loader, so that it works in an image with another libc or none.
    """
    more = None if profile in _ENV else added(profile, home)
    if more and more.kind == "image":
        return (f"{RUNNER}/ld.so", "--library-path", f"{RUNNER}/lib", f"{RUNNER}/bin/python3")
    return ("python3",)
