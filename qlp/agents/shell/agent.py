"""The agent's loop: ask the model, do what it says, show it what came of it, until it is done or a bound is reached.

After mini-swe-agent's idea: one shell command a turn, a linear history, nothing else. All decisions here follow from
the answers of the two seams alone, so that a replay with recorded answers takes the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from qlp.agents.manifests import is_manifest
from qlp.agents.shell.critic import Critic
from qlp.agents.shell.ending import BAD_TURNS, Bounds, Ended, ShellRun
from qlp.agents.shell.history import fitting, worth_caching
from qlp.agents.shell.observed import Observed, shown, signature
from qlp.agents.shell.turn import BadTurn, Turn, read_turn
from qlp.agents.shell.workspace import Workspace
from qlp.errors import ProviderError
from qlp.providers.protocol import ChatOptions, Message, Provider
from qlp.providers.reply import BAD_REPLY, usage_of


class Shell(Protocol):
    async def run(self, command: str, workspace: Workspace, step: int) -> Observed:
        """Run it over the workspace's files. A command that fails is an observation; raises SandboxError."""


async def run_agent(
    messages: Sequence[Message],
    workspace: Workspace,
    *,
    model: Provider,
    shell: Shell,
    options: ChatOptions,
    bounds: Bounds,
    key: str,
    began: float,
    critic: Critic | None = None,
) -> ShellRun:
    """Works on `workspace` in place. `began` is Unix seconds; call i goes out under `<key>:<i>`.

    Raises ProviderError for an outage or a refused request, and SandboxError.
    """
    return await _Agent(list(messages), workspace, model, shell, options, bounds, key, began, critic).run()


class _Agent:
    def __init__(
        self,
        messages: list[Message],
        workspace: Workspace,
        model: Provider,
        shell: Shell,
        options: ChatOptions,
        bounds: Bounds,
        key: str,
        began: float,
        critic: Critic | None,
    ) -> None:
        self._messages = messages
        self._workspace = workspace
        self._model = model
        self._shell = shell
        self._options = options
        self._bounds = bounds
        self._key = key
        self._began = began
        self._critic = critic
        self._run = ShellRun("steps", model=model.name)
        self._seen: set[str] = set()
        self._replanned = False
        self._bad_in_a_row = 0

    async def run(self) -> ShellRun:
        run = self._run
        while (ended := self._bound()) is None:
            turn = await self._turn()
            if isinstance(turn, BadTurn):
                ended = self._bad(turn)
            elif turn.done:
                ended = await self._finish()
            else:
                self._bad_in_a_row = 0
                ended = await self._act(turn)
            if ended is not None:
                break
        run.ended = ended or "steps"
        return run

    def _bound(self) -> Ended | None:
        run, bounds = self._run, self._bounds
        if run.steps >= bounds.steps:
            return "steps"
        spent = run.usage.cost_usd
        if bounds.max_cost_usd is not None and spent is not None and spent >= bounds.max_cost_usd:
            return "cost"
        if run.last is not None and run.last.ended_at - self._began >= bounds.wall_s:
            return "time"
        return None

    async def _turn(self) -> Turn | BadTurn:
        run = self._run
        key = f"{self._key}:{run.steps}"
        run.steps += 1
        try:
            messages = worth_caching(fitting(self._messages))
            answer = await self._model.complete(messages, self._options, idempotency_key=key)
        except ProviderError as error:
            if error.extra.get("reason") != BAD_REPLY:
                raise
            run.usage += usage_of(error)
            return BadTurn(kind="empty", detail=error.detail[:500])
        run.usage += answer.usage
        run.model = answer.model
        text = answer.texts[0]
        turn = read_turn(
            text,
            answer.tool_calls[0] if answer.tool_calls else (),
            max_tokens=self._options.max_tokens,
        )
        # What went wrong is answered in words: a tool call in the history would need an answer in the tools' form.
        said = text if text.strip() else f"```bash\n{turn.command}\n```" if isinstance(turn, Turn) else "(no answer)"
        self._messages.append(Message(role="assistant", content=said[: self._options.max_tokens * 8]))
        if isinstance(turn, Turn) and turn.done:
            run.summary = text[:4000]
        return turn

    def _bad(self, turn: BadTurn) -> Ended | None:
        self._run.bad_turns.append(turn.kind)
        self._bad_in_a_row += 1
        if self._bad_in_a_row >= BAD_TURNS:
            return "malformed"
        self._tell(
            f"Nothing was done ({turn.kind}): {turn.detail}. Answer with one ```bash block, with files in blocks that "
            "name their path, or with a ```done block alone."
        )
        return None

    async def _act(self, turn: Turn) -> Ended | None:
        notes = self._workspace.write(turn.drafts)
        if not turn.command:
            drafts = "\0".join(f"{d.path}\0" + "\n".join(d.lines) for d in turn.drafts)
            return self._repeats(drafts, Observed(exit_code=0, output="\n".join(notes)), "\n".join(notes))
        observed = await self._shell.run(turn.command, self._workspace, self._run.steps)
        notes += self._workspace.take(observed)
        self._run.commands += 1
        self._run.last = observed
        return self._repeats(turn.command, observed, shown(observed, notes))

    def _repeats(self, action: str, observed: Observed, told: str) -> Ended | None:
        """The same action with the same observation on the same files: once it is told to think, then it is over."""
        mark = signature(action, observed, self._workspace.digest)
        again = mark in self._seen
        self._seen.add(mark)
        if again and self._replanned:
            return "loop"
        if again:
            self._replanned = True
            told += (
                "\n\nYou did exactly this before, on the same files, with the same result. Say in two sentences what "
                "is wrong with your plan, make another one, and take its first step. Repeating yourself again ends "
                "the work."
            )
        self._tell(told)
        return None

    async def _finish(self) -> Ended | None:
        run = self._run
        missing = [path for path in self._workspace.missing if not is_manifest(path)]  # those can be supplied
        if missing:
            self._bad_in_a_row = 0
            told = "You are not done, these files are missing: " + ", ".join(missing)
            return self._repeats("done", Observed(exit_code=None), told)
        if self._critic is None or run.reviewed or run.steps >= self._bounds.steps:
            return "done"
        output = run.last.output if run.last else ""
        review = await self._critic.review(self._workspace.own, run.summary, output)
        run.usage += review.usage
        run.reviewed = review.readable
        run.objections = review.objections
        if not review.objections:
            return "done"
        lines = [o.told for o in review.objections]
        self._tell(
            "A reviewer compared your work with the request and objects:\n"
            + "\n".join(lines)
            + "\n\nCheck each objection by running something. Mend what is right, leave what is wrong, then say done."
        )
        return None

    def _tell(self, text: str) -> None:
        self._messages.append(Message(role="user", content=text))
