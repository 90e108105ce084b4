from __future__ import annotations

import json

import pytest

from qlp.agents.architect import needs_architect, refine
from qlp.agents.fallback_plan import fallback_plan
from qlp.config import ModelSettings
from qlp.errors import BudgetExceededError, ProviderError, ProviderUnavailableError
from qlp.models import Analysis, Plan, ProjectSpec, PublicName, Request, Task
from tests.support.scripted_provider import Answer, ScriptedProvider

pytestmark = pytest.mark.unit
REQUEST = Request(text="a shop")
ANALYSIS = Analysis(spec=ProjectSpec(name="shop", kind="library", language="python", summary="s"))
BASE = fallback_plan(REQUEST, ANALYSIS)
PLAN = BASE.model_copy(
    update={
        "contract": BASE.contract.model_copy(
            update={"names": (PublicName(file="shop.py", name="sell"),), "notes": "Prices are cents."}
        )
    }
)


async def refined(*answers: Answer) -> tuple[Plan, str, str]:
    plan, record = await refine(PLAN, REQUEST, ScriptedProvider(*answers), settings=ModelSettings(), tier="t2", key="k")
    return plan, record.outcome, record.reason


def answer(*names: dict[str, object], notes: str = "") -> str:
    return f"```json\n{json.dumps({'names': names, 'notes': notes})}\n```"


async def test_signatures_and_notes_become_the_contract() -> None:
    sell = {"file": "shop.py", "name": "sell", "kind": "function", "signature": "def sell(cents: int) -> None"}
    buy = {"file": "shop.py", "name": "Buy", "kind": "class", "why": "a key of its own"}
    plan, outcome, _ = await refined(answer(sell, buy, notes="No floats."))
    assert outcome == "accepted"
    assert [(n.name, n.signature) for n in plan.contract.names] == [
        ("sell", "def sell(cents: int) -> None"),
        ("Buy", ""),
    ]
    assert plan.contract.notes == "Prices are cents.\nNo floats."
    assert plan.tasks == PLAN.tasks
    assert plan.contract.files == PLAN.contract.files


async def test_no_promised_name_is_lost() -> None:
    plan, _, _ = await refined(answer({"file": "shop.py", "name": "buy"}))
    assert [n.name for n in plan.contract.names] == ["sell", "buy"]


@pytest.mark.parametrize(
    "said",
    ["", "I would use events.", '{"names": 3}', answer({"file": "other.py", "name": "x"}), answer({"name": "x"})],
)
async def test_an_answer_that_does_not_fit_leaves_the_plan(said: str) -> None:
    plan, outcome, reason = await refined(said)
    assert plan == PLAN
    assert outcome == "rejected"
    assert reason


async def test_no_answer_and_no_money_leave_the_plan_and_an_outage_is_an_error() -> None:
    assert (await refined(ProviderError("empty", reason="bad_reply")))[:2] == (PLAN, "malformed")
    assert (await refined(BudgetExceededError("used up")))[:2] == (PLAN, "rejected")
    with pytest.raises(ProviderUnavailableError):
        await refined(ProviderUnavailableError("gone"))


def test_small_plans_need_none() -> None:
    assert not needs_architect(PLAN, 2)
    more = PLAN.model_copy(update={"tasks": (*PLAN.tasks, Task(id="b", kind="code", title="b"))})
    assert needs_architect(more, 2)
