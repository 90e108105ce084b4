"""The tools of each language, all run in the sandbox."""

from qlp.models import Language
from qlp.validation.check import Toolchain
from qlp.validation.toolchains.go import GO
from qlp.validation.toolchains.node import NODE
from qlp.validation.toolchains.python import PYTHON

_BY_LANGUAGE: dict[Language, Toolchain] = {
    language: toolchain for toolchain in (PYTHON, NODE, GO) for language in toolchain.languages
}


def toolchain_of(language: Language) -> Toolchain:
    return _BY_LANGUAGE[language]


__all__ = ["toolchain_of"]
