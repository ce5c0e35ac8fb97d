"""Writes stored histories for the replay tests: python scripts/record_histories.py NAME...

A history is a run as some release recorded it: the compiled version, the events as stored text and
what they come to. Later releases must fold it to the same. So a history is never written anew to
make a test pass; without names only those that do not exist yet are written.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from kapell.core.agents.definition import Agent
from kapell.core.approvals.question import Question
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.shaping import shape
from kapell.core.events.codec import dump
from kapell.core.events.run import RunForked
from kapell.core.events.value import Inline
from kapell.core.gateway.calls import ModelAnswer, Usage
from kapell.core.guardrails.verdicts import Reason, Verdict
from kapell.core.limits.breaker import Breaker
from kapell.core.policies.judgement import Judgement
from kapell.core.pricing.foresight import RunForecast
from kapell.core.pricing.quote import Quote
from kapell.core.runs.commands import (
    Answer,
    Cancel,
    ChildOutcome,
    Delegate,
    LateAnswer,
    Merge,
    Repair,
    Retry,
    Signal,
)
from kapell.core.runs.inputs import CallHeld
from kapell.core.runs.state import OpenCall
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.compiling import compile_workflow
from kapell.core.workflows.inputs import bind
from kapell.core.workflows.pins import Pins, WorkspaceDefaults
from kapell.core.workflows.version import Version
from kapell.kit.errors import Failure, Kind
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.testing.history import History, StoredEvent, summary
from kapell.testing.simulation import Simulation

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
HISTORIES = ROOT / "tests" / "replay" / "histories"
PRICE = Quote(model="offline", input_price=1_000_000_000, output_price=1_000_000_000)
AGENTS = {
    name: Agent(name=name, instructions="Be brief.") for name in ("planner", "summariser", "writer")
}
DOWN = Failure("down", "It is down.", Kind.UNAVAILABLE, retryable=True)
MISSING = Failure("file_missing", "There is no such file.", Kind.MISSING)


def compiled(text: str, subs: dict[str, Version] | None = None) -> Version:
    """Return the version of a workflow text."""
    problems = Problems()
    form = shape(read(text, "w.yaml"), WorkflowForm, problems)
    pins = Pins(agents=AGENTS, workflows=subs or {})
    version = compile_workflow(form, pins, WorkspaceDefaults(), problems)
    problems.raise_errors()
    if version is None:
        raise SystemExit("the workflow does not compile")
    return version


def example(name: str) -> str:
    """Return the text of an example."""
    return (EXAMPLES / f"{name}.yaml").read_text("utf-8")


def effect(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer:
    """Answer calls as the examples' worlds would, always the same."""
    if call.kind == "model":
        if args == "Down" and "#1/" in call.call:
            return DOWN
        value: Json = {"mood": "mixed"} if "feel about" in str(args) else f"Answer {call.path}."
        return ModelAnswer(text=str(value), value=value, usage=Usage(40, 900))
    path = str(args.get("path", "")) if isinstance(args, dict) else ""
    if path.startswith(("confirmations/", "data/prices")) or call.name == "t.bad":
        return MISSING
    if call.name == "t.down" and "#1/" in call.call:
        return DOWN
    return {"path": path, "did": args}


def begun(text: str, subs: dict[str, Version] | None = None) -> Simulation:
    """Return a claimed run of a text with its default inputs."""
    version = compiled(text, subs)
    made = Simulation(version, bind(version, {}), effect, quotes={"offline": PRICE})
    made.claim()
    return made


def plain(name: str) -> Callable[[], Simulation]:
    """Return the story of an example that needs nobody."""

    def told() -> Simulation:
        made = begun(example(name))
        made.run()
        return made

    return told


def newsletter() -> Simulation:
    """A person answers an approval and edits what is sent."""
    made = begun(example("newsletter-release"))
    made.step()
    made.tell(Answer("release", approved=True, data={"subject": "News"}), "user:ada")
    made.run()
    return made


def expired() -> Simulation:
    """Nobody answers the approval."""
    return plain("newsletter-release")()


def reminder() -> Simulation:
    """A time passes, a signal that does not fit comes, then the one that does."""
    made = plain("payment-reminder")()
    made.tell(Signal("paid", {"invoice": "R-1", "amount": 2}))
    made.tell(Signal("paid", {"invoice": "R-17", "amount": 120}))
    made.run()
    return made


def held() -> Simulation:
    """A held run is repaired."""
    made = plain("hold")()
    made.tell(Repair("prices", {"rows": [{"item": "rye", "price": "200"}]}), "user:ada")
    made.run()
    return made


def troubled() -> Simulation:
    """Retries, a timeout, a lost call with its late answer, warnings, an excess."""
    made = begun(
        """
        name: troubled
        budget: {tokens: 20000}
        model: offline
        steps:
          - {id: unsteady, tool: t.down, retry: {attempts: 2, backoff: 1s}}
          - {id: gone, when: "false", tool: t}
          - {id: slow, tool: t, timeout: 5s, retry: {attempts: 1}, on_error: continue}
          - {id: asked, ask: Hi}
          - {id: again, ask: Down, retry: {attempts: 2, backoff: 1s}}
          - {id: more, for_each: "{{ range(20) | list }}", ask: "Say {{ item }}"}
        """
    )
    while "slow" not in made.state.steps:
        made.step()
    made.expire()
    lost = next(iter(made.state.calls.values()))
    made.crash()
    made.tell(LateAnswer(lost.call, Usage(40, 900), 940_000))
    made.run()
    return made


def undone() -> Simulation:
    """A run fails; one undo works, another does not and is retried by nobody."""
    made = begun(
        """
        name: undone
        steps:
          - {id: a, tool: t, compensate: {tool: t.back}}
          - {id: b, tool: t, compensate: {tool: t.bad}}
          - {id: c, tool: t.bad}
          - {id: clean, join: always, tool: t, with: {seen: "{{ steps.c.status }}"}}
        """
    )
    made.run()
    return made


def cancelled() -> Simulation:
    """A run is cancelled while it works at several items."""
    made = begun(
        """
        name: cancelled
        steps:
          - id: many
            for_each: [1, 2, 3]
            concurrency: 2
            steps: [{id: x, tool: t, compensate: {tool: t.back}}, {id: w, wait: {for: 1h}}]
        """
    )
    made.step()
    made.tell(Cancel("not wanted"), "user:ada")
    made.run()
    return made


def family() -> Simulation:
    """A child run ends, a failed step is tried anew, and a fork's outcome is adopted."""
    sub = compiled("{name: sub, steps: [{id: x, tool: t}]}")
    made = begun(
        """
        name: family
        on_failure: hold
        steps:
          - {id: apart, workflow: sub, detached: true}
          - {id: inside, workflow: sub}
          - {id: broken, tool: t.bad, retry: {attempts: 1}}
        """,
        {"sub": sub},
    )
    child = made.state.children["apart"]
    made.tell(ChildOutcome(child.run_id, "apart", "succeeded", output={"n": 1}, usd=5, tokens=2))
    made.run()
    made.tell(Retry("broken"))
    made.run()
    made.tell(Merge("r2", {"adopted": True}))
    return made


def reopened() -> Simulation:
    """A run that had failed is repaired and goes on in its next generation."""
    made = begun(
        """
        name: reopened
        steps:
          - {id: broken, tool: t.bad}
          - {id: after, tool: t, with: {path: "{{ steps.broken.output.path }}"}}
        """
    )
    made.run()
    made.tell(Repair("broken", {"path": "by-hand.txt"}), "user:ada")
    made.run()
    return made


def forked() -> Simulation:
    """A failed run goes on as a fork in which a step has another output."""
    made = plain("trip")()
    change = RunForked(RunId("r0"), len(made.events), path="conference", output=Inline("paid"))
    other = made.fork(made.types.index("step.dead") + 1, change)
    other.run()
    return other


def late_child() -> Simulation:
    """A child run takes too long, is given up and reports what it spent after all."""
    sub = compiled("{name: sub, steps: [{id: x, tool: t}]}")
    made = begun(
        """
        name: late-child
        budget: {tokens: 9}
        steps:
          - {id: apart, workflow: sub, detached: true, timeout: 5s, on_error: continue}
          - {id: after, tool: t}
        """,
        {"sub": sub},
    )
    child = made.state.children["apart"]
    made.expire()
    made.run()
    made.tell(ChildOutcome(child.run_id, "apart", "cancelled", tokens=3))
    return made


def judged_answer() -> Simulation:
    """A judge doubts an answer, and agrees to the next."""
    opinions: list[Json] = [{"score": 0.3, "unsupported": [1]}, {"score": 1, "unsupported": []}]
    made = begun(
        """
        name: judged
        model: offline
        steps:
          - id: reply
            ask: How long is it?
            grounded: {sources: ["The bridge is 120 metres long."], judge: "scripted:judge"}
        """
    )
    said = "The bridge is 120 metres long."
    made.effect = lambda call, args: opinions.pop(0) if call.judges else said
    made.quotes = {one: PRICE for one in ("offline", "scripted:judge")}
    made.run()
    return made


def guarded() -> Simulation:
    """Gates judge and hold calls; people are reminded, and one hands the question on."""
    made = begun(
        """
        name: guarded
        model: offline
        inputs: {mail: {type: string, default: hello}}
        steps:
          - {id: drafted, ask: "Answer {{ inputs.mail }}"}
          - {id: sent, tool: t, with: {text: "{{ steps.drafted.output }}"}}
        """
    )
    verdict = Verdict(
        place="request",
        action="redact",
        profile="default",
        reasons=(Reason("pii", "email", 2, 1.0, "redact"),),
    )
    judged = Judgement(
        about="tool", ruling="ask", rule="kapell.tool.outside", reason="It leaves.", version="v1"
    )
    asked = Question(
        rule="kapell.tool.outside",
        why="It leaves.",
        risk="high",
        expires=9000.0,
        remind=600.0,
        escalate_after=1200.0,
        escalate_to="role:chief",
    )
    (call,) = made.state.calls.values()
    made.give(CallHeld(call.call, asked, None, facts=(verdict,)))
    made.tell(Answer(call.call, approved=True), "user:ada")
    made.step()
    (call,) = made.state.calls.values()
    made.give(CallHeld(call.call, asked, {"text": "Answer drafted."}, facts=(judged,)))
    made.expire()
    made.expire()
    made.expire()
    made.tell(Delegate(call.call, "user:bo"), "user:ada")
    made.tell(Answer(call.call, approved=True), "user:bo")
    made.run()
    return made


def runaway() -> Simulation:
    """A run fails again and again and spends far more than usual: it is held, and mended."""
    version = compiled(
        """
        name: runaway
        model: offline
        steps:
          - id: many
            for_each: [1, 2, 3, 4]
            on_item_error: collect
            steps: [{id: one, ask: "Down {{ item }}", retry: {attempts: 1}}]
          - {id: dear, ask: "Go on"}
        """
    )

    def down(call: OpenCall, args: Json) -> Json | Failure | ModelAnswer:
        return MISSING if "Down" in str(args) else effect(call, args)

    made = Simulation(
        version,
        bind(version, {}),
        down,
        quotes={"offline": Quote(model="offline", input_price=10**12, output_price=10**12)},
        breaker=Breaker(),
        forecast=RunForecast(runs=9, usd=9_000, low=8_000, high=9_000),
    )
    made.claim()
    made.run()
    made.tell(Retry(made.state.dead[0]), "user:ada")
    made.run()
    for path in list(made.state.dead):
        made.tell(Repair(path, "by hand"), "user:ada")
    made.run()
    return made


STORIES: dict[str, Callable[[], Simulation]] = {
    "release-gate": plain("release-gate"),
    "market-brief": plain("market-brief"),
    "trip": plain("trip"),
    "trip-forked": forked,
    "newsletter-release": newsletter,
    "newsletter-expired": expired,
    "payment-reminder": reminder,
    "hold": held,
    "troubled": troubled,
    "undone": undone,
    "cancelled": cancelled,
    "family": family,
    "reopened": reopened,
    "late-child": late_child,
    "guarded": guarded,
    "runaway": runaway,
    "judged": judged_answer,
}


def history(made: Simulation) -> bytes:
    """Return a run as a file holds it."""
    events = tuple(
        StoredEvent(seq=e.seq, type=e.type, version=e.version, at=e.at, payload=dump(e.payload))
        for e in made.events
    )
    value = History(version=made.program.version, events=events, summary=summary(made.state))
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def main(names: list[str]) -> None:
    """Write the histories that are named, or those that are missing."""
    for name, story in STORIES.items():
        file = HISTORIES / f"{name}.json"
        if name in names or not (names or file.exists()):
            file.write_bytes(history(story()))


if __name__ == "__main__":
    main(sys.argv[1:])
