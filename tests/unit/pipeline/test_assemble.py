from __future__ import annotations

import pytest

from qlp.errors import PlanError
from qlp.models import ContractFile, InterfaceContract, Plan, PublicName, SourceFile, Task, TaskResult
from qlp.pipeline.assemble import assemble, broken_promises, topological

pytestmark = pytest.mark.unit


def plan(**depends: tuple[str, ...]) -> Plan:
    contract = InterfaceContract(
        project="p",
        kind="library",
        language="python",
        files=tuple(ContractFile(path=f"{t}.py", task=t) for t in depends),
        names=(PublicName(file="a.py", name="add"),),
    )
    return Plan(
        generator="model:x",
        tasks=tuple(Task(id=t, kind="code", title=t, depends_on=d) for t, d in depends.items()),
        contract=contract,
    )


def test_tasks_follow_what_they_depend_on() -> None:
    order = topological(plan(c=("a", "b"), b=("a",), a=()))
    assert order.index("a") < order.index("b") < order.index("c")


@pytest.mark.parametrize("bad", [{"a": ("b",), "b": ("a",)}, {"a": ("nobody",)}])
def test_cycles_and_unknown_dependencies_are_errors(bad: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(PlanError):
        topological(plan(**bad))


def test_a_file_made_twice_is_an_error_that_names_both() -> None:
    one = TaskResult(task_id="a", files=(SourceFile(path="x.py", content=""),), attempts=())
    with pytest.raises(PlanError, match="both a and b"):
        assemble([one, one.model_copy(update={"task_id": "b"})])


def test_missing_files_and_names_are_broken_promises() -> None:
    wanted = plan(a=())
    assert broken_promises(wanted, "a", ()) == ("a.py is missing",)
    assert broken_promises(wanted, "a", (SourceFile(path="a.py", content="def sub(): ..."),)) == (
        "a.py does not define add",
    )
    assert broken_promises(wanted, "a", (SourceFile(path="a.py", content="def add(): ..."),)) == ()
