"""What telemetry is told: decisions, tool calls, money, workflows; never what was said."""

import json

import msgspec
import pytest

from kapell.core.events.budget import BudgetAlerted
from kapell.core.events.envelope import Payload
from kapell.core.events.guarding.approval import ApprovalAnswered, ApprovalExpired
from kapell.core.events.guarding.guard import BreakerTripped, GuardVerdict, PolicyVerdict
from kapell.core.events.value import Inline
from kapell.core.gateway.calls import ModelAnswer, Try, Turned, Usage
from kapell.core.guardrails.verdicts import Reason, Verdict
from kapell.core.policies.judgement import Judgement
from kapell.projections.traces.telemetry import telemetry
from tests.unit.core.audit.chains import event
from tests.unit.core.runs.running import BAD
from tests.unit.core.runs.test_turns import ask, working


@pytest.mark.requirement("OB-05", "TL-07")
def test_every_decision_call_and_reservation_is_told_once() -> None:
    sick = Turned("opened", "5 failures in a row", 99.0)
    lost = Try(deployment="a", model="openai:a", outcome="failed", reason="first", turned=sick)
    won = Try(deployment="b", model="openai:b", outcome="answered", reason="next in order")
    first = msgspec.structs.replace(
        ask(("look.up", {"q": "SECRET"}), ("look.in", {}), text="SECRET"), tries=(lost, won)
    )
    made = working({1: first, 2: ModelAnswer(text="SECRET", usage=Usage(1, 1))}, {"look.in": BAD})
    made.run()
    told = list(telemetry(made.events))
    assert "SECRET" not in json.dumps(msgspec.to_builtins(told))
    decided = [one.data for one in told if one.name == "decision_made"]
    assert [(one["by"], one["chosen"]) for one in decided] == [
        ("route", "a"),
        ("breaker", "opened"),
        ("route", "b"),
        ("agent", "act"),
        ("agent", "answer"),
    ]
    calls = [one for one in told if one.name == "tool_invoked"]
    assert [(one.data["tool"], one.data["status"], one.step) for one in calls] == [
        ("look.up", "returned", "a"),
        ("look.in", "failed", "a"),
    ]
    assert calls[1].data["code"] == "bad"
    money = [one.data["what"] for one in told if one.name == "budget_event"]
    assert money == ["reserved", "settled", "reserved", "settled"]
    flow = [one.name for one in told if one.name.startswith("workflow_")]
    assert flow == ["workflow_queued", "workflow_started", "workflow_succeeded"]


@pytest.mark.requirement("OB-05", "GR-03")
def test_what_guards_policies_and_people_decided_is_told_without_words() -> None:
    verdict = Verdict(
        place="arguments",
        action="block",
        profile="default",
        reasons=(Reason("secret", "aws_key", count=2, action="block"),),
    )
    ruled = Judgement(about="tool", ruling="deny", rule="mail.out", reason="SECRET", version="v")
    payloads: list[Payload] = [
        GuardVerdict(call="a#1/1", path="a", verdict=verdict),
        PolicyVerdict(call="a#1/1", path="a", judgement=ruled),
        ApprovalAnswered("a", False, "user:ann", Inline("SECRET"), "SECRET"),
        ApprovalExpired("a", "reject"),
    ]
    told = list(telemetry(event(number, one) for number, one in enumerate(payloads, start=1)))
    assert [(one.name, one.data["by"], one.data["chosen"]) for one in told] == [
        ("decision_made", "guard", "block"),
        ("decision_made", "policy", "deny"),
        ("decision_made", "person", "rejected"),
        ("decision_made", "time", "reject"),
    ]
    assert told[0].data["found"] == [
        {"family": "secret", "kind": "aws_key", "count": 2, "action": "block"}
    ]
    assert told[1].data["rule"] == "mail.out"
    assert "SECRET" not in json.dumps(msgspec.to_builtins(told))


@pytest.mark.requirement("OB-05", "GR-09", "GR-06")
def test_what_the_breaker_holds_and_what_money_alerts_of_is_told() -> None:
    trip = BreakerTripped(path="a", scope="agent", name="clerk", reason="failures")
    facts: list[Payload] = [trip, BudgetAlerted("habit", 5, 20)]
    told = list(telemetry([event(at, one) for at, one in enumerate(facts, 1)]))
    assert [(one.name, one.data["what" if "what" in one.data else "by"]) for one in told] == [
        ("decision_made", "breaker"),
        ("budget_event", "alerted"),
    ]
    assert told[0].step == "a"
    assert told[0].data == {
        "by": "breaker",
        "chosen": "held",
        "scope": "agent",
        "name": "clerk",
        "reason": "failures",
    }
