"""What each language's sandbox looks like from the inside: one layout for the image and for the host toolchain."""

from __future__ import annotations

from typing import Literal, get_args

from qlp.models import Language

ImageProfile = Literal["python", "node", "go"]
IMAGE_PROFILES: tuple[ImageProfile, ...] = get_args(ImageProfile)

WORKSPACE = "/workspace"
OPT = "/opt/qlp"
"""Toolchains live at /opt/qlp/<image profile>, read-only."""

_IMAGES: dict[Language, ImageProfile] = {
    "python": "python",
    "javascript": "node",
    "typescript": "node",
    "go": "go",
}

_ENV: dict[ImageProfile, dict[str, str]] = {
    "python": {"PATH": f"{OPT}/python/bin:/usr/local/bin:/usr/bin:/bin", "VIRTUAL_ENV": f"{OPT}/python"},
    "node": {
        "PATH": f"{OPT}/node/bin:/usr/local/bin:/usr/bin:/bin",
        "NO_UPDATE_NOTIFIER": "1",
        "NPM_CONFIG_OFFLINE": "true",
    },
    "go": {
        "PATH": f"{OPT}/go/bin:/usr/local/bin:/usr/bin:/bin",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOSUMDB": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
        "GOPATH": f"{WORKSPACE}/.home/go",
        "GOCACHE": f"{WORKSPACE}/.home/.cache/go-build",
    },
}

_COMMON = {
    "HOME": f"{WORKSPACE}/.home",
    "TMPDIR": "/tmp",  # the sandbox's own, not the host's
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "CI": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}


def image_profile(language: Language) -> ImageProfile:
    """The image that serves a language; typescript shares javascript's."""
    return _IMAGES[language]


def languages(profile: ImageProfile) -> tuple[Language, ...]:
    return tuple(language for language, image in _IMAGES.items() if image == profile)


def environment(profile: ImageProfile) -> dict[str, str]:
    """Variables that every command starts with; a command's own `env` goes on top."""
    return {**_COMMON, **_ENV[profile]}
