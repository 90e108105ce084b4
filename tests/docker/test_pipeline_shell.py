"""Tier T3 through the whole pipeline: a scripted model works in a real sandbox; what counts is what runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from qlp.capsule import read_capsule
from qlp.config import ModelSettings
from qlp.models import Request
from tests.support.platform import Platform, settings_for
from tests.support.scripted_server import Reply, ScriptedServer

pytestmark = pytest.mark.docker

WISH = "Write a small till: prices of items in cents, a cart, and a receipt line with the total and 20 % tax"
TESTS = {
    "test_till.py": """from cart import Cart
from money import with_tax
from receipt import line


def test_tax() -> None:
    assert with_tax(1000) == 1200


def test_a_cart_adds_up() -> None:
    cart = Cart()
    cart.add("tea", 250, 2)
    cart.add("cup", 500, 1)
    assert cart.total() == 1000


def test_the_line() -> None:
    cart = Cart()
    cart.add("tea", 250, 2)
    assert line(cart) == "2 items, 6.00"
"""
}
PLAN = {
    "project": "till",
    "kind": "library",
    "tasks": [{"id": "till", "kind": "code", "title": "The till", "instructions": "Write all three modules."}],
    "files": [{"path": p, "task": "till"} for p in ("money.py", "cart.py", "receipt.py")],
    "names": [
        {"file": "money.py", "name": "with_tax"},
        {"file": "cart.py", "name": "Cart", "kind": "class"},
        {"file": "receipt.py", "name": "line"},
    ],
}
# The seeded bug is in two files: the tax is wrong by a factor, and the cart forgets how many.
FIRST = """I write all three and run the tests.

````python path=money.py
def with_tax(cents: int) -> int:
    \"\"\"Cents with 20 % tax.\"\"\"
    return cents * 102 // 100
````

````python path=cart.py
class Cart:
    \"\"\"Items and their prices in cents.\"\"\"

    def __init__(self) -> None:
        self.items: list[tuple[str, int, int]] = []

    def add(self, name: str, cents: int, count: int) -> None:
        \"\"\"Put some of an item into the cart.\"\"\"
        self.items.append((name, cents, count))

    def total(self) -> int:
        \"\"\"Cents of everything.\"\"\"
        return sum(cents for _, cents, _ in self.items)
````

````python path=receipt.py
from cart import Cart
from money import with_tax


def line(cart: Cart) -> str:
    \"\"\"How many items, and the total with tax.\"\"\"
    count = sum(n for _, _, n in cart.items)
    return f"{count} items, {with_tax(cart.total()) / 100:.2f}"
````

```bash
python3 -m pytest -q 2>&1 | tail -20
```
"""
CHEAT = """The tests are in my way.

```bash
echo 'def test_nothing(): pass' > test_till.py && python3 -m pytest -q && echo note > trial.txt
```
"""
MONEY = """Both are wrong. First the tax.

```python path=money.py
<<<<<<< SEARCH
    return cents * 102 // 100
=======
    return cents * 120 // 100
>>>>>>> REPLACE
```
"""
CART = """Now the cart.

```bash
sed -i 's/sum(cents for _, cents, _ in self.items)/sum(cents * n for _, cents, n in self.items)/' cart.py && ls
python3 -m pytest -q
```
"""
DONE = "```done\nTax and cart mended; python3 -m pytest -q passes.\n```"


def script(*turns: str, critic: str) -> list[Reply]:
    return [
        Reply(times=1, text=f"```json\n{json.dumps(PLAN)}\n```"),
        Reply(match="What its author says", text=critic),
        *(Reply(text=turn) for turn in turns),
    ]


async def platform(folder: Path, server: ScriptedServer) -> Platform:
    return await Platform.open(settings_for(folder, models=ModelSettings(base_url=server.url)))


OBJECTION = json.dumps({"objections": [{"requirement": "receipt", "problem": "no currency is printed"}]})


async def test_an_agent_fixes_a_bug_in_two_files(tmp_path: Path) -> None:
    with ScriptedServer(script(FIRST, CHEAT, MONEY, CART, DONE, DONE, critic=OBJECTION)) as server:
        made = await platform(tmp_path, server)
        _, outcome = await made.run(Request(text=WISH, tests=TESTS, tier="t3"))
    assert outcome.verified, outcome.stages
    capsule = read_capsule(made.capsule(outcome))
    (attempt,) = [a.attempt for a in capsule.manifest.attempts if a.attempt.tier == "t3"]
    assert (attempt.outcome, attempt.steps) == ("accepted", 6)
    files = {f.path: f.content for f in capsule.project()}
    assert "120 // 100" in files["money.py"]
    assert "cents * n" in files["cart.py"]
    assert files["test_till.py"] == TESTS["test_till.py"], "the user's tests are what they were"
    assert "trial.txt" not in files, "scratch files stay behind"
    said = [c.last for c in server.calls if "exit code" in c.last and "What its author says" not in c.last]
    assert re.search(r"2 failed|3 failed", said[0]), "the agent sees its own failures"
    assert "put back, they are not this task's: test_till.py" in said[1]
    assert "3 passed" in said[2], "the tests that ran in the end are the user's"
    assert "trial.txt" in said[2], "and scratch is still there"
    assert sum("What its author says" in c.last for c in server.calls) == 1, "a critic is asked once"
    assert sum("no currency is printed" in c.last for c in server.calls) == 1, "and heard once"
    assert "the critic objected 1 times" in attempt.reason, "but it refuses nothing: the tests pass"
