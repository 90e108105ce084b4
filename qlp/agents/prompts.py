"""Loads and renders the prompts of qlp/prompts, and names them by content. A prompt is a role's words, versioned."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, TemplateError

from qlp.errors import InputError
from qlp.models import Language, ProjectLanguage
from qlp.providers.protocol import Message

PromptName = Literal[
    "planner", "architect", "implementer", "implementer-stepwise", "tester", "cross-tests", "documenter", "shell",
    "critic", "optimiser", "ci-fixer", "opinion-logic", "opinion-requirements", "opinion-review", "opinion-security",
]  # fmt: skip
PROMPTS: tuple[PromptName, ...] = get_args(PromptName)
_HEADER = re.compile(r"^\{# qlp-prompt name=(?P<name>[a-z-]+) version=(?P<version>\d+) #\}")
_TEMPLATE_IMPORT = re.compile(r"""\{%-?\s*(?:import|include|extends)\s+["']([^"']+)["']""")
_DIGEST_CHARS = 12


@dataclass(frozen=True)
class Prompt:
    name: str
    version: int
    ref: str
    """`name@sha256-prefix` over the template and what it imports."""
    template: Template

    def render(self, **context: object) -> tuple[Message, ...]:
        """System and user message; an undefined name is an error (jinja2.UndefinedError)."""
        return (
            Message(role="system", content=self._block("system", context)),
            Message(role="user", content=self._block("user", context)),
        )

    def _block(self, name: str, context: dict[str, object]) -> str:
        text = "".join(self.template.blocks[name](self.template.new_context(context)))
        return text.strip("\n") + "\n"


@cache
def load(name: PromptName) -> Prompt:
    return _prompt(source_of(name), name)


def load_variant(variant: str) -> Prompt:
    """A prompt by name, or a template file of yours by its path. Raises InputError."""
    if variant in PROMPTS:
        return load(variant)
    path = Path(variant)
    if path.suffix != ".j2":
        raise InputError(
            f"there is no prompt {variant!r}: name one of {', '.join(PROMPTS)}, or a file that ends in .j2"
        )
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the prompt {variant} cannot be read: {error}") from None
    try:
        return _prompt(source, path.stem)
    except (TemplateError, ValueError) as error:
        raise InputError(f"the prompt {variant} cannot be used: {error}") from None


def source_of(name: PromptName) -> str:
    """The template as it is shipped."""
    return _source(f"{name}.j2")


def _prompt(source: str, name: str) -> Prompt:
    """Raises ValueError for a template without a header of this name or without its two blocks."""
    header = _HEADER.match(source)
    if header is None or header["name"] != name:
        raise ValueError(f"its first line must be {{# qlp-prompt name={name} version=N #}}")
    digest = hashlib.sha256(source.encode())
    for imported in _TEMPLATE_IMPORT.findall(source):
        digest.update(_source(imported).encode())
    template = _environment().from_string(source)
    if not {"system", "user"} <= set(template.blocks):
        raise ValueError("it needs the blocks `system` and `user`")
    ref = f"{name}@{digest.hexdigest()[:_DIGEST_CHARS]}"
    return Prompt(name=name, version=int(header["version"]), ref=ref, template=template)


def toolset(language: Language | ProjectLanguage) -> str:
    """What the sandbox of a language holds, for prompts."""
    return _toolsets()[language]


def fence(content: str) -> str:
    """A run of backticks that is longer than any in the content."""
    longest = max((len(run) for run in re.findall(r"`+", content)), default=0)
    return "`" * max(4, longest + 1)


def data_tag(texts: Iterable[str]) -> str:
    """A tag to delimit user data: fixed by the texts (a replay gives the same prompt), and in none of them."""
    joined = "\0".join(texts)
    counter = 0
    while True:
        tag = f"data-{hashlib.sha256(f'{counter}{joined}'.encode()).hexdigest()[:8]}"
        if tag not in joined:
            return tag
        counter += 1


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("qlp", "prompts"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.globals.update(fence=fence, toolset=toolset)
    return environment


@cache
def _source(name: str) -> str:
    return (files("qlp.prompts") / name).read_text(encoding="utf-8")


@cache
def _toolsets() -> dict[str, str]:
    loaded: dict[str, str] = json.loads(_source("toolsets.json"))
    return loaded
