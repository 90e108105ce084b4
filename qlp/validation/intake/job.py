"""What is asked of a validation: where the files are, and by which rules they are judged."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from qlp.models import Stage
from qlp.models._base import Frozen
from qlp.models.plan import CommandPurpose
from qlp.models.request import PROJECT_LANGUAGES, ProjectLanguage
from qlp.sandbox.execution import Content, from_base64
from qlp.validation.intake.archive import ArchiveFormat

_ALIASES: dict[str, ProjectLanguage] = {
    "py": "python", "js": "javascript", "node": "javascript", "ts": "typescript", "golang": "go", "rs": "rust",
    "cpp": "c++", "cxx": "c++", "csharp": "c#", "cs": "c#", "rb": "ruby", "sh": "bash", "shell": "bash", "pl": "perl",
    "tf": "terraform", "hcl": "terraform", "yml": "yaml", "k8s": "yaml", "kubernetes": "yaml", "docker": "dockerfile",
}  # fmt: skip


def known_language(name: Any) -> Any:
    """`cpp` -> `c++` and the like; what is unknown stays as it is, for pydantic to refuse."""
    return _ALIASES.get(name.lower(), name.lower()) if isinstance(name, str) else name


def language_of(name: str) -> ProjectLanguage:
    """Raises InputError."""
    from qlp.errors import InputError

    found = known_language(name)
    if found not in PROJECT_LANGUAGES:
        raise InputError(f"no such language: {name!r}; there are {', '.join(PROJECT_LANGUAGES)}")
    language: ProjectLanguage = found
    return language


class _Asked(Frozen):
    model_config = ConfigDict(use_attribute_docstrings=True)


class ArchiveSource(_Asked):
    """A zip, tar or tar.gz archive, as base64."""

    base64: str
    format: ArchiveFormat | None = None
    """By default the first bytes tell."""

    @model_validator(mode="after")
    def _decodes(self) -> ArchiveSource:
        from_base64(self.base64)
        return self


class GitSource(_Asked):
    """A public repository on one of the allowed hosts."""

    url: str = Field(max_length=500)
    """https://HOST/PATH, without credentials."""
    ref: str | None = Field(default=None, max_length=200)
    """Branch, tag or commit; by default the repository's own branch."""


def _as_archive(value: Any) -> Any:
    return {"base64": value} if isinstance(value, str) else value


_PYTHON = "def add(a: int, b: int) -> int:\n    return a + b\n"
_TEST = "from calc import add\n\n\ndef test_add() -> None:\n    assert add(1, 2) == 3\n"
EXAMPLES: dict[str, dict[str, Any]] = {
    "snippet": {"summary": "A piece of code", "value": {"code": _PYTHON, "language": "python"}},
    "files": {
        "summary": "Files, also binary ones",
        "value": {
            "files": {"calc.py": _PYTHON, "test_calc.py": _TEST, "logo.png": {"base64": "iVBORw0KGgo="}},
            "policy": "production",
        },
    },
    "archive": {
        "summary": "A zip, tar or tar.gz archive",
        "value": {"archive": {"base64": "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}, "root": "backend"},
    },
    "git": {
        "summary": "A public git repository",
        "value": {"git": {"url": "https://github.com/octocat/Hello-World", "ref": "master"}, "public": True},
    },
    "own image": {
        "summary": "Another language, by an image and commands of your own",
        "value": {
            "files": {"hello.hs": 'main = putStrLn "hello"\n'},
            "language": "other",
            "profile": "haskell",
            "commands": {"build": ["ghc", "hello.hs"], "run": ["./hello"]},
        },
    },
}


class ValidateJob(_Asked):
    """Exactly one of `code`, `files`, `archive` and `git`, and how to judge it."""

    model_config = ConfigDict(json_schema_extra={"examples": [e["value"] for e in EXAMPLES.values()]})

    code: str | None = None
    """One file's text; needs `language`, or `path` for its name."""
    path: str | None = Field(default=None, max_length=240)
    """Name of the file that `code` is, such as `calc.py`."""
    files: dict[str, str | Content] | None = Field(default=None, min_length=1)
    """Path -> text, or `{"base64": ...}`, or `{"text": ..., "executable": true}`."""
    archive: Annotated[ArchiveSource, BeforeValidator(_as_archive)] | None = None
    """Also as a bare base64 string."""
    git: GitSource | None = None
    root: str | None = Field(default=None, max_length=240)
    """Folder of an archive or repository that is the project; by default all of it."""
    language: Annotated[ProjectLanguage, BeforeValidator(known_language)] | None = None
    """By default the files' endings tell."""
    policy: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    """prototype, development, production, critical, or one of the operator's; by default the settings'."""
    profile: str | None = Field(default=None, max_length=100)
    """Image profile in which the commands run, for languages without tools here: one that the operator added."""
    commands: dict[CommandPurpose, Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]] = Field(
        default_factory=dict
    )
    """install, build, test, start, run -> argument vector; they replace what would be guessed from the files."""
    port: int | None = Field(default=None, ge=1, le=65_535)
    """Port on which `start` listens."""
    stages: tuple[Stage, ...] | None = Field(default=None, min_length=1)
    """Only these; by default all six."""
    public: bool = False
    """The content is public: its verdict may be shared with other tenants by the cache."""
    cache: bool = True
    """Take an earlier verdict over the same content, tools and policy."""
    opinions: bool = False
    """Ask the configured model for a review as well; its findings block only if a command reproduces them."""
    requirements: str = Field(default="", max_length=32_000)
    """What the code is meant to do, for the review."""

    @model_validator(mode="after")
    def _one_source(self) -> ValidateJob:
        given = [name for name in ("code", "files", "archive", "git") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of `code`, `files`, `archive` and `git`")
        if self.root is not None and given[0] not in ("archive", "git"):
            raise ValueError("`root` goes with `archive` or `git`")
        if self.path is not None and given[0] != "code":
            raise ValueError("`path` goes with `code`")
        if self.code is not None and self.language is None and self.path is None:
            raise ValueError("`code` needs `language`, or `path` for the file's name")
        if self.language == "other" and self.code is not None and self.path is None:
            raise ValueError("code of another language needs `path` for the file's name")
        return self


Kind = Literal["snippet", "files", "archive", "git", "folder"]
