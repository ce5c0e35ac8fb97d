"""What the record tells of events: who, what, which verdict; never what was said or sent."""

from typing import get_args

import pytest

from kapell.core.audit.deriving import SEALED, Deriving
from kapell.core.audit.lines import entry_of, line_of, text_of
from kapell.core.audit.record import Act, Head
from kapell.core.audit.telling import LONGEST, hidden, named, tells, told
from kapell.core.events.budget import BudgetAlerted
from kapell.core.events.envelope import COPIED, Payload
from kapell.core.events.guarding.approval import (
    ApprovalAnswered,
    ApprovalDelegated,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalReminded,
)
from kapell.core.events.guarding.guard import BreakerTripped, GuardVerdict, PolicyVerdict
from kapell.core.events.model import ModelJudged
from kapell.core.events.tool import ToolFailed, ToolReturned
from kapell.core.events.value import Inline
from kapell.core.guardrails.grounding.demand import Score
from kapell.core.guardrails.verdicts import Reason, Verdict
from kapell.core.policies.judgement import Judgement
from kapell.kit.errors import Failure, Invalid, Kind
from kapell.kit.json import Digest, encode
from tests.unit.core.audit.chains import T, event, record, requested, row

pytestmark = pytest.mark.requirement("GR-03")
FACT = Digest("a" * 64)
ANN = "user:ann"


def act_of(payload: Payload, actor: str = "worker:mill-7-abc") -> Act:
    """Return what is told of an event."""
    found = told(event(1, payload, actor=actor), FACT, ANN, str)
    assert found is not None
    return found


def test_a_tool_call_says_who_what_where_and_nothing_of_its_arguments() -> None:
    act = told(requested(3), FACT, ANN, str)
    assert act == Act(
        at=1003.0,
        actor="worker:mill-7-abc",
        action="tool.requested",
        target="t",
        verdict="requested",
        subject="user:ann",
        whence="host:mill",
        run_id="run",
        path="a",
        details={"call": "a#1/3"},
        number=3,
        event=FACT,
    )


@pytest.mark.parametrize(("call", "target"), [("a#1/3", "a#1/3"), ("", "send")])
def test_what_people_said_names_the_call_or_the_step_it_answers(call: str, target: str) -> None:
    for payload in (
        ApprovalAnswered("send", True, ANN, Inline({}), call=call),
        ApprovalDelegated("send", ANN, "user:ben", call=call),
        ApprovalExpired("send", "reject", call=call),
        ApprovalReminded("send", 1, call=call),
        ApprovalEscalated("send", "user:eve", call=call),
    ):
        assert act_of(payload).target == target, payload


def test_results_and_messages_stay_in_the_log() -> None:
    secret = "sk-live-4711"  # noqa: S105 - no real one
    failure = Failure(code="boom", kind=Kind.INVALID, message=secret, advice=secret)
    odd = Failure(code=f"it broke: {secret}", kind=Kind.INVALID, message="", advice="")
    payloads: list[Payload] = [
        ToolReturned(call="c", path="p", tool="t", output=Inline(secret), notes={"x": secret}),
        ToolFailed(call="c", path="p", tool="t", failure=failure),
        ToolFailed(call="c", path="p", tool="t", failure=odd),
        ApprovalAnswered("p", True, "user:ann", Inline(secret), secret),
        PolicyVerdict(
            call="c",
            path="p",
            judgement=Judgement(about="tool", ruling="deny", rule="mail.out", reason=secret),
        ),
    ]
    acts = [act_of(one) for one in payloads]
    assert [one.verdict for one in acts] == ["returned", "boom", "other", "approved", "deny"]
    assert secret.encode() not in encode(acts)


def test_a_guards_verdict_is_told_by_kinds_and_counts() -> None:
    reasons = (
        Reason("pii", "email", count=2, action="redact"),
        Reason("pii", "email", count=1),
        Reason("secret", "aws_key", action="block"),
    )
    verdict = Verdict(place="arguments", action="block", profile="default", reasons=reasons)
    act = act_of(GuardVerdict(call="c", path="p", verdict=verdict))
    assert (act.target, act.verdict) == ("arguments", "block")
    assert act.details == {
        "call": "c", "profile": "default", "pii.email": 3, "secret.aws_key": 1,
    }  # fmt: skip


@pytest.mark.requirement("GR-08")
def test_an_answer_that_nobody_could_judge_is_told_with_why() -> None:
    act = act_of(
        ModelJudged(
            call="a#1/1",
            path="a",
            judge="openai:j",
            without="judge_failed",
            closed=True,
            grounding=Score(1.0, 0, 2),
            problem="somebody's words",
        )
    )
    assert (act.target, act.verdict) == ("openai:j", "judge_failed")
    assert act.details == {"call": "a#1/1", "closed": True, "flagged": 0, "sentences": 2}


@pytest.mark.requirement("GR-09", "GR-06")
def test_what_the_breaker_holds_is_told_with_its_reason() -> None:
    act = act_of(BreakerTripped(path="a", scope="agent", name="clerk", reason="failures"))
    assert (act.target, act.verdict, act.path) == ("clerk", "held", "a")
    assert act.details == {"scope": "agent", "reason": "failures"}
    alert = act_of(BudgetAlerted("habit", 5, 20))
    assert (alert.verdict, alert.details) == ("alerted", {"limit": 5, "reason": "habit"})


def test_every_fact_about_guards_people_and_calls_has_an_entry() -> None:
    families = {"guard", "policy", "approval", "tool", "breaker", "limit", "escalation"}
    kinds = {str(kind.__struct_config__.tag) for kind in get_args(Payload)}
    guarded = {name for name in kinds if name.partition(".")[0] in families}
    assert {"guard.verdict", "policy.verdict", "tool.requested"} <= guarded
    assert [name for name in guarded if not tells(name)] == []
    assert not tells("run.started")


def test_what_a_fork_took_over_was_done_by_its_original() -> None:
    copied = event(1, requested(1).payload, cause=f"{COPIED}e9")
    assert told(copied, FACT, ANN, str) is None


def test_names_are_cut_masked_and_made_visible() -> None:
    def mask(text: str) -> str:
        return text.replace("ann@example.org", "<EMAIL>")

    assert named("read\x1b[2J\u202email", mask) == "read�[2J�mail"
    assert len(named("x" * 1000, mask)) == LONGEST
    assert named("mail to ann@example.org", mask) == "mail to <EMAIL>"
    assert hidden("user:ann", mask) == "user:ann"
    digest = hidden("user:ann@example.org", mask)
    assert digest.startswith("user:#")
    assert digest == hidden("user:ann@example.org", mask), "the same person can be recognised"


def test_events_without_an_entry_are_covered_by_one_for_all() -> None:
    deriving = Deriving({T: Head()}, {}, str, 5.0)
    deriving.take([row(event(1)), row(requested(2)), row(event(3)), row(event(4))])
    told_acts = [(one.act.action, one.position, one.act.details) for one in deriving.entries]
    assert told_acts == [
        ("tool.requested", 2, {"call": "a#1/2"}),
        (SEALED, 4, {"events": 2}),
    ]
    assert deriving.entries[1].act.at == 5.0


def test_an_event_that_cannot_be_read_is_covered_too() -> None:
    unread = row(event(1))
    unread = type(unread)(1, T, unread.run_id, 1, unread.digest, None)
    deriving = Deriving({T: Head()}, {}, str, 5.0)
    deriving.take([unread])
    assert [one.act.action for one in deriving.entries] == [SEALED]


def test_a_line_is_its_entry_again() -> None:
    entries, _ = record([True, False, True])
    for number, entry in enumerate(entries, start=1):
        assert entry_of(text_of(entry), number) == entry
    assert line_of(entries[0])["time"] == "1970-01-01T00:16:41.000+00:00"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"seq": "one"}', "\xff"])
def test_what_is_no_line_is_refused_with_its_number(text: str) -> None:
    with pytest.raises(Invalid, match="Line 7") as caught:
        entry_of(text, 7)
    assert caught.value.code == "audit_line_broken"
