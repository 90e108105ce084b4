"""What is guessed of files that come without a plan, and what is left to those who know better."""

from __future__ import annotations

import pytest

from qlp.errors import InputError
from qlp.models import ProjectCommand, SourceFile
from qlp.validation import detect_language, infer_contract

pytestmark = pytest.mark.unit


def files(**content: str) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(path=p, content=c) for p, c in content.items())


def named(*paths: str) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(path=p, content="") for p in paths)


@pytest.mark.parametrize(
    ("paths", "language"),
    [
        (("a.py", "b.go", "c.go"), "go"),
        (("a.py", "x.html", "y.html", "z.css", "deploy.yaml", "Dockerfile", "run.sh", "s.sql"), "python"),
    ],
)
def test_program_code_says_the_language_whatever_surrounds_it(paths: tuple[str, ...], language: str) -> None:
    assert detect_language(paths) == language


def test_files_of_no_known_language_are_refused_unless_somebody_says_how() -> None:
    odd = named("main.zzz")
    with pytest.raises(InputError, match="--language"):
        infer_contract(odd)
    test = ProjectCommand(purpose="test", argv=("zzz", "check"))
    made = infer_contract(odd, profile="zzz", commands=(test,))
    assert (made.language, made.profile, made.commands) == ("other", "zzz", (test,))


def test_given_commands_replace_guessed_ones_of_their_purpose() -> None:
    mine = ProjectCommand(purpose="test", argv=("python3", "-m", "unittest"))
    made = infer_contract(named("a.py", "requirements.txt"), commands=(mine,))
    assert [c.argv for c in made.commands if c.purpose == "test"] == [mine.argv]
    assert [c.purpose for c in made.commands] == ["install", "test"]


@pytest.mark.parametrize(
    ("main", "runs"),
    [
        ('if __name__ == "__main__":\n    print(1)\n', True),
        ("print(1)\n", False),
        ('import sys\nif __name__ == "__main__":\n    print(sys.argv)\n', False),
        ('if __name__ == "__main__":\n    print(input("n? "))\n', False),
        ('import flask\nif __name__ == "__main__":\n    flask.Flask("x").run()\n', False),
    ],
)
def test_a_program_is_run_only_if_it_needs_nothing_from_outside(main: str, runs: bool) -> None:
    made = infer_contract(files(**{"main.py": main}))
    assert any(c.purpose == "run" for c in made.commands) is runs
