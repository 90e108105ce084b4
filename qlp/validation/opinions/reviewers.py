"""The built-in reviewers: logic, requirements, review, security; each a prompt (qlp/prompts), one form of answer."""

from __future__ import annotations

from dataclasses import dataclass

from qlp.agents.prompts import PromptName, data_tag, load
from qlp.models import SourceFile, Verdict
from qlp.validation.opinions.answer import read_answer
from qlp.validation.opinions.protocol import Model, Opinion
from qlp.validation.opinions.runners import runner_of
from qlp.validation.project import Project

_PROJECT_CHARS = 120_000
"""Files shown in a prompt; what does not fit is named without its content."""
_FINDINGS = 15


@dataclass(frozen=True)
class PromptReviewer:
    name: str
    prompt: PromptName

    @property
    def version(self) -> str:
        """`name@sha256-prefix` of the prompt."""
        return load(self.prompt).ref

    async def review(self, project: Project, verdict: Verdict, requirements: str, model: Model) -> tuple[Opinion, ...]:
        shown, unshown = _fitting(project)
        runner = runner_of(project.contract.language)
        messages = load(self.prompt).render(
            files=shown,
            unshown=unshown,
            requirements=requirements,
            stages=verdict.stages,
            findings=verdict.findings[:_FINDINGS],
            runner=" ".join((*runner.argv, runner.example)) if runner else "",
            language=project.contract.language,
            example=runner.example if runner else "",
            tag=data_tag([requirements, *(f.content for f in shown), *(f.message for f in verdict.findings)]),
        )
        text = await model.ask(messages, key=self.name)
        return read_answer(text, project, reviewer=self.name, model=model.name)


def _fitting(project: Project) -> tuple[list[SourceFile], list[str]]:
    """Text files that fit, small ones first; shown in the order of their paths."""
    text = [f for f in project.files if f.encoding == "utf-8"]
    room, fitting = _PROJECT_CHARS, set()
    for file in sorted(text, key=lambda f: len(f.content)):
        if len(file.content) > room:
            break
        fitting.add(file.path)
        room -= len(file.content)
    ordered = sorted(text, key=lambda f: f.path)
    return [f for f in ordered if f.path in fitting], [f.path for f in ordered if f.path not in fitting][:100]


LOGIC = PromptReviewer("logic", "opinion-logic")
REQUIREMENTS = PromptReviewer("requirements", "opinion-requirements")
REVIEW = PromptReviewer("review", "opinion-review")
SECURITY = PromptReviewer("security", "opinion-security")
