"""The agent's files between two commands: plain data, so that a replay folds the recorded steps into the same files.

Three kinds: `given` files (other tasks', the user's tests) are put back before every command, whatever a command did
to them; the task's `own` files are what is taken at the end; everything else is scratch, there for the agent's own
trials and dropped at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from qlp.agents.edits import EditProblem, apply_edits, is_edit, read_edits
from qlp.agents.fences import MAX_FILES
from qlp.agents.shell.observed import Observed
from qlp.agents.shell.turn import Draft
from qlp.models import SourceFile

MAX_BYTES = 4_194_304
"""Of all files that the agent made, together."""


class Workspace:
    def __init__(self, given: Iterable[SourceFile], own: Iterable[str], existing: Iterable[SourceFile] = ()) -> None:
        self._given = {f.path: f for f in given}
        self._own = tuple(path for path in own if path not in self._given)
        self._made = {f.path: f for f in existing if f.path not in self._given}

    @property
    def files(self) -> Mapping[str, SourceFile]:
        return {**self._given, **self._made}

    @property
    def own(self) -> tuple[SourceFile, ...]:
        """The task's files that are there, in the order of the contract."""
        return tuple(self._made[path] for path in self._own if path in self._made)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(path for path in self._own if path not in self._made)

    @property
    def digest(self) -> str:
        """sha256 over what the agent made."""
        parts = (f"{path}\0{file.executable}\0{file.content}" for path, file in sorted(self._made.items()))
        return hashlib.sha256("\1".join(parts).encode("utf-8", "replace")).hexdigest()

    def write(self, drafts: Iterable[Draft]) -> tuple[str, ...]:
        """Put files from blocks; what was done, or why not, one line each."""
        return tuple(self._write(draft) for draft in drafts)

    def _write(self, draft: Draft) -> str:
        path = draft.path
        if path in self._given:
            return f"{path} was not written: it belongs to another task, or came with the request"
        before = self._made.get(path)
        if is_edit(draft.lines):
            edits = read_edits(draft.lines)
            made = edits if isinstance(edits, EditProblem) else apply_edits(before.content if before else None, edits)
            if isinstance(made, EditProblem):
                return f"{path} was not edited ({made.kind}): {made.detail}"
            content = made
        else:
            content = "\n".join(draft.lines) + "\n" if draft.lines else ""
        executable = before.executable if before else False
        return self._keep(SourceFile(path=path, content=content, executable=executable)) or f"{path} was written"

    def take(self, observed: Observed) -> tuple[str, ...]:
        """Follow what a command did. Notes for the agent."""
        notes = list(observed.notes)
        back = [f.path for f in observed.changed if f.path in self._given]
        back += [path for path in observed.deleted if path in self._given]
        if back:
            notes.append("put back, they are not this task's: " + ", ".join(back[:20]))
        for file in observed.changed:
            if file.path not in self._given and (problem := self._keep(file)):
                notes.append(problem)
        for path in observed.deleted:
            self._made.pop(path, None)
        return tuple(notes)

    def _keep(self, file: SourceFile) -> str:
        """Empty, or why it was not kept."""
        others = [f for path, f in self._made.items() if path != file.path]
        clash = next((p for p in self.files if p.startswith(file.path + "/") or file.path.startswith(p + "/")), None)
        if clash is not None:
            return f"{file.path} was not kept: {clash} is there, and a name is a file or a folder"
        if len(others) + 1 > MAX_FILES:
            return f"{file.path} was not kept: there are {MAX_FILES} files already"
        if sum(len(f.content) for f in others) + len(file.content) > MAX_BYTES:
            return f"{file.path} was not kept: all files together have at most {MAX_BYTES} bytes"
        self._made[file.path] = file
        return ""
