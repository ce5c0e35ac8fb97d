"""Every event that leaves the system fits the published message schema."""

import runpy
from pathlib import Path

import jsonschema_rs
import pytest

from kapell.core.events.published import event_schema, kinds, message
from kapell.core.runs.commands import Signal
from kapell.core.workflows.version import Body, SetWork, Step, ToolWork, Version, WaitWork
from kapell.kit.errors import Failure, Kind
from kapell.kit.json import Json
from kapell.testing.simulation import Simulation

ROOT = Path(__file__).resolve().parents[4]


def _run() -> Simulation:
    body = Body(
        steps=(
            Step(id="a", work=SetWork(values={"n": 1})),
            Step(id="b", work=ToolWork(tool="echo", args={"n": "{{ steps.a.output.n }}"}),
                 after=("a",), on_error="continue"),
            Step(id="c", work=WaitWork(signal="go"), after=("b",)),
        )
    )  # fmt: skip
    failure = Failure("tool_failed", "It broke.", Kind.UNAVAILABLE, retryable=True)
    run = Simulation(Version(name="w", body=body), {}, lambda call, args: failure)
    run.run()
    run.tell(Signal("go", {"text": "now"}))
    run.run()
    return run


@pytest.mark.requirement("MB-03")
def test_every_event_of_a_run_fits_the_schema() -> None:
    validator = jsonschema_rs.validator_for(event_schema())
    events = _run().events
    assert events[-1].type == "run.succeeded"
    for event in events:
        problems = [error.message for error in validator.iter_errors(message(event))]
        assert not problems, (event.type, problems)


@pytest.mark.requirement("MB-03")
@pytest.mark.parametrize("missing", ["id", "correlation_id", "causation_id", "version", "payload"])
def test_a_message_without_a_part_of_its_envelope_does_not_fit(missing: str) -> None:
    plain: Json = message(_run().events[0])
    assert isinstance(plain, dict)
    del plain[missing]
    assert not jsonschema_rs.validator_for(event_schema()).is_valid(plain)


def test_every_kind_of_event_says_what_it_means() -> None:
    silent = [name for name, kind in kinds() if not (kind.__doc__ or "").strip()]
    assert silent == []


def test_the_published_files_are_those_of_the_code() -> None:
    pages = runpy.run_path(str(ROOT / "scripts" / "generate_events.py"))["pages"]()
    for path, text in pages.items():
        assert Path(path).read_text(encoding="utf-8") == text, f"run make docs: {path} is old"
