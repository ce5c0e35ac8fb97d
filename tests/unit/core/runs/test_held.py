"""Calls that a gate holds: people are asked, and the run waits without holding anything."""

from collections.abc import Callable
from typing import Literal

import pytest

from kapell.core.approvals.question import Question, call_digest
from kapell.core.events.guarding.approval import ApprovalAnswered
from kapell.core.events.run import RunForked
from kapell.core.events.tool import ToolFailed, ToolRequested
from kapell.core.gateway.calls import ModelAnswer
from kapell.core.runs.commands import Answer, Cancel, Delegate, Repair, Retry
from kapell.core.runs.decide import next_due
from kapell.core.runs.state import OpenCall
from kapell.kit.errors import Failure
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation
from tests.unit.core.runs.driving import checked, money_holds
from tests.unit.core.runs.running import BAD, asked, echo, overdue, paths, sim
from tests.unit.core.runs.test_turns import ask, of, sent, turn_of, working

ASK = Question(rule="tools.ask", why="It writes outside.", risk="high")
Fate = Callable[[OpenCall, Json], Json | Failure | ModelAnswer | Question]


def holding(question: Question = ASK, then: Fate = echo) -> Fate:
    """Return what holds every call of a tool until its very arguments are approved."""

    def effect(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer | Question:
        if call.approved == call_digest(call.name, args) or call.kind == "model":
            return then(call, args)
        return question

    return effect


def ran(steps: str, question: Question = ASK, then: Fate = echo, head: str = "") -> Simulation:
    """Return a run whose tools are held, and that waits for people."""
    made = sim(steps, holding(question, then), head=head)
    made.claim()
    waited(made)
    return made


def waited(made: Simulation) -> Simulation:
    """Answer all calls in flight, but let no time pass."""
    while made.state.calls:
        made.step()
    checked(made)
    money_holds(made)
    return made


def say(made: Simulation, key: str, approved: bool = True, **more: object) -> Simulation:
    """Answer a question, and let the run go on."""
    made.tell(Answer(key, approved, **more))  # type: ignore[arg-type]  # fields of the command
    return waited(made)


@pytest.mark.requirement("WF-11", "GR-10")
def test_a_held_call_waits_for_people_and_is_made_once_they_agree() -> None:
    made = ran("- {id: a, tool: send, with: {to: x}}")
    assert made.state.status == "waiting"
    assert made.types[-3:] == ["tool.held", "approval.requested", "run.waiting"]
    (question,) = made.state.questions.values()
    request = question.request
    assert (request.call, request.tool, request.rule, request.why, request.risk) == (
        "a#1/1", "send", "tools.ask", "It writes outside.", "high",
    )  # fmt: skip
    assert request.digest == call_digest("send", {"to": "x"})
    say(made, "a#1/1")
    assert made.state.status == "succeeded"
    calls = [e for e in of(made, ToolRequested) if isinstance(e, ToolRequested)]
    assert [(one.call, one.approved) for one in calls] == [
        ("a#1/1", ""),
        ("a#1/2", request.digest),
    ]
    assert calls[0].key == calls[1].key
    assert not made.state.questions
    assert not made.state.timers


@pytest.mark.requirement("WF-11")
def test_who_edits_arguments_approves_of_the_edited_ones_only() -> None:
    made = ran("- {id: a, tool: send, with: {to: x, text: hello}}")
    say(made, "a#1/1", data={"to": "y"})
    assert made.output == {"to": "y", "text": "hello"}
    assert asked(made)[-1] == ("a", {"to": "y", "text": "hello"})
    (answer,) = [e for e in of(made, ApprovalAnswered) if isinstance(e, ApprovalAnswered)]
    assert answer.digest == call_digest("send", {"to": "y", "text": "hello"})


@pytest.mark.requirement("WF-11")
@pytest.mark.parametrize("policy", ["denied", "limited"])
def test_a_rejected_step_fails_and_no_retry_asks_again(policy: str) -> None:
    made = ran(f"- {{id: a, tool: send, retry: {{attempts: 3, on: [{policy}]}}}}")
    say(made, "a#1/1", approved=False, note="Not to them.")
    assert made.state.status == "failed"
    failure = made.state.failure
    assert failure is not None
    assert failure.code == "approval_rejected"
    assert "Not to them." in failure.message
    assert made.types.count("approval.requested") == 1


@pytest.mark.parametrize("taken", ["reject", "fail"])
def test_a_step_whose_question_expires_fails(taken: Literal["reject", "fail"]) -> None:
    question = Question(rule="r", why="w", expires=60, on_expiry=taken)
    made = ran("- {id: a, tool: send, retry: {attempts: 3, on: [denied]}}", question)
    made.run()
    assert made.state.failure is not None
    assert made.state.failure.code == "approval_expired"
    assert made.types.count("approval.requested") == 1
    assert made.state.status == "failed"


def test_an_answer_after_the_time_is_none() -> None:
    made = ran("- {id: a, tool: send}", Question(rule="r", why="w", expires=60))
    due = next_due(made.state, made.carried.waitlists)
    assert due is not None
    made.tell(Answer("a#1/1", approved=True), at=due)
    assert made.state.failure is not None
    assert made.state.failure.code == "approval_expired"


def test_an_approval_is_for_what_was_shown() -> None:
    made = ran("- {id: a, tool: send, with: {to: x}}")
    before = len(made.events)
    made.tell(Answer("a#1/1", approved=True, digest="of something else"))
    made.tell(Answer("a#1/1", approved=True, asked=made.now - 5))
    made.tell(Answer("a#1/2", approved=True))
    assert len(made.events) == before
    (question,) = made.state.questions.values()
    say(made, "a#1/1", digest=question.digest, asked=question.at)
    assert made.state.status == "succeeded"


def test_an_approval_does_not_survive_a_change() -> None:
    """A gate that meets other arguments than those approved asks anew."""
    made = ran("- {id: a, tool: send, with: {to: x}}")
    made.effect = lambda call, args: echo(call, args) if call.call == "a#1/3" else ASK
    say(made, "a#1/1")
    assert [q.key for q in made.state.questions.values()] == ["a#1/2"]
    say(made, "a#1/2")
    assert made.state.status == "succeeded"
    assert paths(made, "approval.requested") == ["a", "a"]


def test_a_retry_of_an_approved_call_is_asked_anew() -> None:
    down = iter([BAD])
    made = ran(
        "- {id: a, tool: send, retry: {attempts: 2, backoff: 1s, on: [bad]}}",
        then=lambda call, args: next(down, args),
    )
    say(made, "a#1/1")
    made.run()
    assert [q.key for q in made.state.questions.values()] == ["a#2/1"]
    say(made, "a#2/1")
    assert made.state.status == "succeeded"


@pytest.mark.requirement("GR-10")
def test_several_distinct_people_must_agree_and_one_can_refuse() -> None:
    question = Question(rule="r", why="w", need=2, approvers=("role:finance", "user:eva"))
    steps = "- {id: a, tool: send, with: {to: x}}"
    made = ran(steps, question)
    made.tell(Answer("a#1/1", approved=True), "user:stranger")
    assert "approval.answered" not in made.types
    for _ in range(2):
        made.tell(Answer("a#1/1", approved=True, roles=("finance",)), "user:one")
    assert made.types.count("approval.answered") == 1
    assert made.state.status == "waiting"
    made.tell(Answer("a#1/1", approved=True), "user:eva")
    assert waited(made).state.status == "succeeded"
    made = ran(steps, question)
    made.tell(Answer("a#1/1", approved=True, roles=("finance",)), "user:one")
    made.tell(Answer("a#1/1", approved=False), "user:eva")
    assert waited(made).state.status == "failed"


def test_an_edit_is_agreed_to_by_those_who_saw_it() -> None:
    made = ran("- {id: a, tool: send, with: {to: x}}", Question(rule="r", why="w", need=2))
    first = made.state.questions["a#1/1"].digest
    made.tell(Answer("a#1/1", approved=True, digest=first), "user:one")
    made.tell(Answer("a#1/1", approved=True, digest=first, data={"to": "y"}), "user:two")
    question = made.state.questions["a#1/1"]
    assert (question.agreed, question.digest) == (("user:two",), call_digest("send", {"to": "y"}))
    made.tell(Answer("a#1/1", approved=True, digest=first), "user:three")
    assert made.state.status == "waiting"
    made.tell(Answer("a#1/1", approved=True, digest=question.digest), "user:one")
    assert waited(made).output == {"to": "y"}


def test_a_question_is_handed_on() -> None:
    made = ran("- {id: a, tool: send}", Question(rule="r", why="w", approvers=("role:finance",)))
    made.tell(Delegate("a#1/1", "eva"), "user:stranger")
    assert "approval.delegated" not in made.types
    made.tell(Delegate("a#1/1", "eva", roles=("finance",)), "user:one")
    assert made.state.questions["a#1/1"].approvers == ("role:finance", "user:eva")
    made.tell(Answer("a#1/1", approved=True, roles=("finance",)), "user:one")
    assert made.state.status == "waiting"
    made.tell(Answer("a#1/1", approved=True), "user:eva")
    assert waited(made).state.status == "succeeded"


def test_people_are_reminded_and_others_are_asked() -> None:
    question = Question(
        rule="r", why="w", approvers=("user:one",), remind=60, escalate_after=150,
        escalate_to="user:two", expires=300,
    )  # fmt: skip
    made = ran("- {id: a, tool: send}", question)
    for _ in range(3):
        overdue(made)
        checked(made)
    said = [one for one in made.types if one in ("approval.reminded", "approval.escalated")]
    assert said == [*["approval.reminded"] * 2, "approval.escalated", "approval.reminded"]
    assert made.state.status == "waiting"
    made.crash()
    assert next_due(made.state, made.carried.waitlists) is not None
    made.tell(Answer("a#1/1", approved=True), "user:two")
    assert waited(made).state.status == "succeeded"


def test_reminders_that_fell_into_a_pause_are_one_and_end() -> None:
    made = ran("- {id: a, tool: send}", Question(rule="r", why="w", remind=60))
    made.now += 600
    overdue(made)
    assert made.types.count("approval.reminded") == 1
    made.run()
    assert made.state.status == "waiting"
    assert next_due(made.state, made.carried.waitlists) is None


@pytest.mark.requirement("WF-11")
def test_a_wait_holds_no_slot_and_no_time() -> None:
    made = ran("- {id: a, for_each: [1, 2, 3], tool: send, with: {n: '{{ item }}'}, timeout: 5s}")
    assert sorted(made.state.questions) == ["a[0]#1/1", "a[1]#1/1", "a[2]#1/1"]
    made.now += 3600
    for key in ["a[2]#1/1", "a[0]#1/1", "a[1]#1/1"]:
        say(made, key)
    assert made.state.status == "succeeded"
    assert isinstance(made.output, list)
    assert [one["output"] for one in made.output if isinstance(one, dict)] == [
        {"n": 1}, {"n": 2}, {"n": 3}
    ]  # fmt: skip


def test_cancelling_makes_what_is_asked_void() -> None:
    made = ran("- {id: a, tool: t, compensate: {tool: undo}}\n- {id: b, tool: send}")
    say(made, "a#1/1")
    made.tell(Cancel("enough"))
    waited(made)
    # What undoes is held as well, and waits.
    assert made.state.status == "waiting"
    assert [*made.state.questions][-1] == "a!undo/undo#1/1"
    made.tell(Answer("b#1/1", approved=True))
    assert made.state.status == "waiting"
    say(made, "a!undo/undo#1/1")
    assert made.state.status == "cancelled"


def test_an_undo_that_people_reject_is_a_dead_letter() -> None:
    made = ran("- {id: a, tool: t, compensate: {tool: undo}}\n- {id: b, tool: send}")
    say(made, "a#1/1")
    say(made, "b#1/1", approved=False)
    say(made, "a!undo/undo#1/1", approved=False)
    assert made.state.status == "failed"
    assert made.types.count("compensation.failed") == 1


def test_what_fails_beside_a_held_call_ends_the_wait() -> None:
    made = ran(
        "- {id: p, parallel: {x: [{id: a, tool: send}], y: [{id: b, wait: {for: 5s}}, {id: c, set: {v: '{{ 1 // 0 }}'}}]}}"  # noqa: E501 - one step
    )
    made.run()
    assert made.state.status == "failed"
    checked(made)


def test_a_failed_run_that_is_mended_asks_again() -> None:
    made = ran(
        "- {id: a, depends_on: [], tool: send}\n- {id: b, depends_on: [], wait: {for: 5s}}\n"
        "- {id: c, depends_on: [b], tool: bad}"
    )
    made.run()
    say(made, "c#1/1")
    assert made.state.status == "failed"
    made.tell(Repair("c", 1))
    assert [q.request.path for q in made.state.questions.values()] == ["a"]
    assert made.types.count("approval.requested") == 3
    made.tell(Answer("a#1/1", approved=True))
    made.run()
    assert made.state.status == "succeeded"


@pytest.mark.requirement("WF-11")
def test_a_fork_asks_anew() -> None:
    made = ran("- {id: a, tool: once.send}")
    fork = made.fork(len(made.events), RunForked(RunId("r0"), len(made.events)))
    waited(fork)
    assert fork.state.status == "waiting"
    say(fork, "a#1/1")
    assert fork.state.status == "succeeded"
    say(made, "a#1/1")
    cut = next(e.seq for e in made.events if e.type == "approval.answered")
    fork = made.fork(cut, RunForked(RunId("r0"), cut))
    waited(fork)
    assert fork.state.status == "waiting"
    assert fork.types[cut:].count("approval.requested") == 1


def test_a_lost_worker_changes_no_answer() -> None:
    steps = "- {id: a, tool: send, with: {to: x}}\n- {id: b, tool: send, with: {to: y}}"
    whole = ran(steps)
    say(say(whole, "a#1/1"), "b#1/1")
    assert whole.state.status == "succeeded"
    for cut in range(2, len(whole.events)):
        made = ran(steps)
        made.events = whole.events[:cut]
        made.now = made.events[-1].at
        made.crash()
        for _ in range(6):
            waited(made)
            for key in list(made.state.questions):
                made.tell(Answer(key, approved=True))
        assert made.state.status == "succeeded"
        assert made.output == whole.output
        checked(made)


@pytest.mark.requirement("WF-11")
def test_others_of_a_turn_go_on_while_one_waits() -> None:
    made = working({1: ask(("look.up", {"q": 1}), ("once.pay", {"n": 2}), ("look.in", {"q": 3}))})
    usual = made.effect
    made.effect = lambda call, args: (
        ASK if call.name == "once.pay" and not call.approved else usual(call, args)
    )
    waited(made)
    assert made.state.status == "waiting"
    assert [q.key for q in made.state.questions.values()] == ["a#1/3"]
    say(made, "a#1/3", data={"n": 1})
    assert made.output == "done"
    made_calls = [(c.name, getattr(c.prompt, "value", None)) for c in made.asked if c.approved]
    assert made_calls == [("once.pay", {"n": 1})]


@pytest.mark.requirement("WF-11", "GR-10")
@pytest.mark.parametrize("ends", ["returned", "failed"])
def test_an_agent_is_told_that_a_person_changed_what_it_asked_for(ends: str) -> None:
    made = working({1: ask(("once.pay", {"n": 2, "to": "x"}), ("look.up", {"q": 1}))})
    usual = made.effect
    made.effect = lambda call, args: (
        ASK
        if call.name == "once.pay" and not call.approved
        else BAD
        if call.name == "once.pay" and ends == "failed"
        else usual(call, args)
    )
    waited(made)
    made.tell(Answer("a#1/2", approved=True, data={"n": 1}, note="She is too dear."))
    pay = next(call for call in made.state.calls.values() if call.name == "once.pay")
    made.answer(pay)
    asked_for, told, other = sent(made)[-3:]
    assert asked_for.asks[0].args == {"n": 2, "to": "x"}
    assert told.text.startswith(
        'A person changed the arguments of this call. It was called with: {"n":1,"to":"x"}\n'
    )
    assert told.failed == (ends == "failed")
    assert "dear" not in told.text
    assert "person" not in other.text


@pytest.mark.requirement("WF-11")
def test_an_agent_whose_call_nobody_changed_is_told_of_no_person() -> None:
    made = working({1: ask(("once.pay", {"n": 2}))})
    usual = made.effect
    made.effect = lambda call, args: (
        ASK if call.name == "once.pay" and not call.approved else usual(call, args)
    )
    waited(made)
    made.tell(Answer("a#1/2", approved=True, data={"n": 2}))
    made.answer(next(iter(made.state.calls.values())))
    assert "person" not in sent(made)[-1].text


def test_an_approved_call_begins_beside_those_under_way() -> None:
    made = working({1: ask(("look.up", {"q": 1}), ("once.pay", {"n": 2}))})
    usual = made.effect
    made.effect = lambda call, args: (
        ASK if call.name == "once.pay" and not call.approved else usual(call, args)
    )
    made.step()
    pay = next(c for c in made.state.calls.values() if c.name == "once.pay")
    made.answer(pay)
    assert len(made.state.calls) == 1
    made.tell(Answer(pay.call, approved=True))
    assert sorted(c.name for c in made.state.calls.values()) == ["look.up", "once.pay"]
    waited(made)
    assert made.output == "done"


@pytest.mark.requirement("WF-11")
@pytest.mark.parametrize("how", ["rejected", "expired"])
def test_an_agent_hears_that_people_said_no_and_goes_on(how: str) -> None:
    made = working({1: ask(("once.pay", {"n": 2}))})
    usual = made.effect
    question = Question(rule="r", why="w", expires=60)
    made.effect = lambda call, args: question if call.name == "once.pay" else usual(call, args)
    waited(made)
    if how == "rejected":
        made.tell(Answer("a#1/2", approved=False, note="Too dear."))
    else:
        overdue(made)
    seen = sent(made)[-1]
    assert seen.failed
    assert f"approval_{how}" in seen.text
    assert ("Too dear." in seen.text) == (how == "rejected")
    waited(made)
    assert made.output == "done"
    (failed,) = [e for e in of(made, ToolFailed) if isinstance(e, ToolFailed)]
    assert failed.call == "a#1/2"


def test_an_expiry_can_fail_the_whole_step_of_an_agent() -> None:
    made = working({1: ask(("once.pay", {"n": 2}), ("look.up", {"q": 1}))})
    usual = made.effect
    question = Question(rule="r", why="w", expires=60, on_expiry="fail")
    made.effect = lambda call, args: question if call.name == "once.pay" else usual(call, args)
    waited(made)
    overdue(made)
    made.run()
    assert made.state.failure is not None
    assert made.state.failure.code == "approval_expired"
    assert turn_of(made.asked[0]) == 1
    assert sum(1 for call in made.asked if call.kind == "model") == 1


def test_a_held_request_to_a_model_waits_too() -> None:
    made = working({1: "done"})  # type: ignore[dict-item]  # a text is an answer
    usual = made.effect
    made.effect = lambda call, args: usual(call, args) if call.approved else ASK
    waited(made)
    assert made.types[-3:] == ["model.held", "approval.requested", "run.waiting"]
    made.crash()
    say(made, "a#1/1")
    assert made.output == "done"
    assert [call.approved for call in made.asked] == ["", call_digest("offline", None)]


def test_an_answer_of_unknown_outcome_beside_a_question_is_mended_and_asked_anew() -> None:
    made = working({1: ask(("once.pay", {"n": 2}), ("look.up", {"q": 1}))})
    usual = made.effect
    made.effect = lambda call, args: (
        ASK if call.name == "look.up" and not call.approved else usual(call, args)
    )
    made.step()
    look = next(c for c in made.state.calls.values() if c.name == "look.up")
    made.answer(look)
    made.crash()
    assert made.state.dead == ["a"]
    made.tell(Retry("a"))
    made.run()
    assert len(made.state.questions) == 1
    say(made, next(iter(made.state.questions)))
    assert made.output == "done"


@pytest.mark.requirement("WF-11")
@pytest.mark.parametrize(
    "step",
    [
        "{id: a, approval: {title: Ok?, expires: 60s}}",
        "{id: a, wait: {for: 60s}}",
        "{id: a, tool: send, on_error: continue}",
    ],
)
def test_what_is_due_when_a_run_is_loaded_happens_once(step: str) -> None:
    made = ran(f"- {step}", Question(rule="r", why="w", expires=60))
    made.crash()
    made.claim()
    made.now += 120
    overdue(made)
    assert made.state.status == "succeeded"
    assert made.types.count("step.succeeded") + made.types.count("step.failed") <= 1
    checked(made)
