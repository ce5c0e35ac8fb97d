"""Agents of other frameworks ask other people's models: they see names, and no keys."""

import json

import pytest

from kapell.core.runs.status import RunStatus
from tests.integration.guardrails.test_content import CARD, KEY, MAIL, ORDER, output, ran, shop
from tests.integration.guardrails.test_content import verdicts as said_by
from tests.integration.runs.shop import Shop

__all__ = ["shop"]

pytestmark = pytest.mark.requirement("GR-01", "GR-02", "DE-15")

AGENT = "---\nname: friend\nruntime: python\npython: {entry: '_friend:answer'}\n---\nYou answer.\n"
MODULE = """
import json, pathlib

HEARD = pathlib.Path(__file__).with_name("heard.jsonl")

async def answer(prompt):
    with HEARD.open("a") as file:
        file.write(json.dumps(prompt) + "\\n")
    return "I wrote to <EMAIL_1>, and <EMAIL_7> is nobody."
"""


def friend(shop: Shop) -> None:
    """Write an agent that an object of another framework answers for."""
    for folder in ("agents", "tools"):
        (shop.folder / folder).mkdir()
    (shop.folder / "agents" / "friend.md").write_text(AGENT, "utf-8")
    (shop.folder / "tools" / "_friend.py").write_text(MODULE, "utf-8")


def heard(shop: Shop) -> list[str]:
    """Return what it was asked."""
    log = shop.folder / "tools" / "heard.jsonl"
    return (
        [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    )


async def test_it_sees_names_and_its_answer_holds_the_data(shop: Shop) -> None:
    friend(shop)
    prompt = f"Write to {{{{ inputs.to }}}}, pay with {CARD}, log in by {KEY}."
    shop.workflow("w", f'steps: [{{id: a, agent: friend, prompt: "{prompt}"}}]\n')
    async with shop.open() as app:
        run = await ran(app, "w", to=MAIL)
        assert await output(app, run) == f"I wrote to {MAIL}, and <EMAIL_7> is nobody."
        (asked,) = heard(shop)
        assert asked.startswith("Write to <EMAIL_1>, pay with <CARD_1>, log in by ")
        assert KEY not in asked
        (verdict,) = [one.verdict for one in await said_by(app, run)]
        assert (verdict.place, verdict.action) == ("request", "redact")


async def test_a_name_that_the_prompt_brings_along_stands_for_nobody(shop: Shop) -> None:
    friend(shop)
    shop.workflow(
        "w",
        "steps:\n"
        f'  - {{id: a, agent: friend, prompt: "{MAIL}"}}\n'
        '  - {id: b, agent: friend, prompt: "Who is {{ inputs.who }}?"}\n',
    )
    async with shop.open() as app:
        await ran(app, "w", who="<EMAIL_1>")
        assert heard(shop) == ["<EMAIL_1>", "Who is <!EMAIL_1>?"]


async def test_orders_of_strangers_do_not_reach_it(shop: Shop) -> None:
    friend(shop)
    shop.workflow("w", 'steps: [{id: a, agent: friend, prompt: "{{ inputs.mail }}"}]\n')
    async with shop.open() as app:
        run = await ran(app, "w", mail=ORDER)
        _, state = await app.histories.state(await app.histories.events(run))
        assert state.status is RunStatus.FAILED
        assert state.failure is not None
        assert state.failure.code == "guardrail_blocked"
        assert heard(shop) == []
