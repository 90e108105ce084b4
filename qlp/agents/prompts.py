"""Loads and renders the prompts of qlp/prompts, and names them by content."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from qlp.models import Language
from qlp.providers.protocol import Message

PromptName = Literal[
    "planner", "implementer", "tester", "documenter", "opinion-logic", "opinion-requirements", "opinion-review"
]
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
    source = _source(f"{name}.j2")
    header = _HEADER.match(source)
    if header is None or header["name"] != name:
        raise ValueError(f"prompt {name} has no header")
    digest = hashlib.sha256(source.encode())
    for imported in _TEMPLATE_IMPORT.findall(source):
        digest.update(_source(imported).encode())
    ref = f"{name}@{digest.hexdigest()[:_DIGEST_CHARS]}"
    return Prompt(
        name=name, version=int(header["version"]), ref=ref, template=_environment().get_template(f"{name}.j2")
    )


def toolset(language: Language) -> str:
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
