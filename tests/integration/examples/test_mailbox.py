"""The guarded mailbox: a model that obeys whatever it reads, and what comes of it."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from kapell.cli.exits import Exit
from tests.integration.examples.test_acting import Acting

pytestmark = pytest.mark.slow


@pytest.fixture
def mailbox(tmp_path: Path) -> Acting:
    return Acting(tmp_path / "w", "guarded-mailbox")


def _sent(example: Acting) -> list[tuple[str, str]]:
    files = sorted((example.folder / "outbox").glob("*.eml"))
    mails = [message_from_bytes(one.read_bytes(), policy=default) for one in files]
    return [(str(mail["To"]), mail.get_content()) for mail in mails]


def _rulings(events: list[Any]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for event in events:
        if event["type"] == "policy.verdict" and "answer" in event["payload"]["path"]:
            judged = event["payload"]["judgement"]
            ruling = (judged["ruling"], judged["rule"])
            found.setdefault(event["payload"]["path"], []).append(ruling)
    return found


@pytest.mark.requirement("GR-01", "GR-02", "GR-04", "GR-06", "WF-11")
def test_a_hidden_order_is_obeyed_by_the_model_and_by_nobody_else(mailbox: Acting) -> None:
    run = mailbox.said("run", "workflow.yaml", exit_code=Exit.WAITING)
    assert run["status"] == "waiting"
    assert [to for to, _ in _sent(mailbox)] == ["desk@harbour.example"]
    rulings = _rulings(mailbox.events())
    assert ("ask", "kapell.tool.sailors") in rulings["answers[0]/answer"]
    assert ("allow", "kapell.tool.colleagues") in rulings["answers[1]/answer"]
    assert ("deny", "kapell.tool.others") in rulings["answers[2]/answer"]
    (asked,) = mailbox.said("approvals", "list")
    assert asked["data"]["to"] == ["skipper@sailors.example"], "a person sees the true address"
    mailbox.said("approvals", "answer", "last", "--all", "--approve")
    done = mailbox.said("runs", "resume", "last")
    assert done["status"] == "succeeded"
    # The script answers only a model that saw names in place of addresses and of the card.
    assert done["output"]["answers"][0] == "I answered the skipper."
    assert [to for to, _ in _sent(mailbox)][-1:] == ["skipper@sailors.example"]
    assert "collector" not in str(_sent(mailbox))
    assert mailbox.said("audit", "verify")["ok"] is True
