"""Runs that earlier releases recorded come to the same with today's code.

A failure here means that stored runs would change: give the event a new version and an upcast. New
histories are added by ``scripts/record_histories.py``; those that are stored stay as they are.
"""

from pathlib import Path

import msgspec
import pytest

from kapell.core.events.codec import VERSION, dump, load
from kapell.core.events.published import kinds
from kapell.core.runs.fold.snapshot import dump_state, load_state
from kapell.kit.errors import Invalid
from kapell.kit.json import Json, decode, encode
from kapell.testing.history import History, StoredEvent, summary

FILES = sorted((Path(__file__).parent / "histories").glob("*.json"))
DECODER = msgspec.json.Decoder(History)


def stored(name: str) -> History:
    """Return a stored history."""
    return DECODER.decode((Path(__file__).parent / "histories" / f"{name}.json").read_bytes())


@pytest.mark.requirement("DX-07", "DX-09")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_stored_run_comes_to_what_it_came_to(file: Path) -> None:
    history = DECODER.decode(file.read_bytes())
    state = history.folded()
    assert summary(state) == history.summary
    assert load_state(dump_state(state)) == state


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_stored_event_is_written_as_it_was_read(file: Path) -> None:
    for event in DECODER.decode(file.read_bytes()).events:
        if event.version == VERSION:
            read = load(event.type, event.version, event.payload)
            again, before = decode(dump(read)), decode(event.payload)
            assert isinstance(again, dict)
            assert isinstance(before, dict)
            # What a payload has gained since stands beside what it had, empty.
            assert before == {name: again[name] for name in before}
            assert not any(again[name] for name in again.keys() - before.keys())


def test_every_type_of_event_occurs() -> None:
    seen = {event.type for file in FILES for event in DECODER.decode(file.read_bytes()).events}
    assert seen == {name for name, _ in kinds()}


def _older(event: StoredEvent) -> StoredEvent:
    """Return an event as a release before the first might have written it."""
    if event.type != "step.succeeded":
        return event
    payload = decode(event.payload)
    assert isinstance(payload, dict)
    old = {("step_path" if key == "path" else key): value for key, value in payload.items()}
    return msgspec.structs.replace(event, version=VERSION - 1, payload=encode(old).decode())


def _lift(payload: dict[str, Json]) -> dict[str, Json]:
    return {("path" if key == "step_path" else key): value for key, value in payload.items()}


@pytest.mark.requirement("DX-07")
def test_an_older_payload_is_lifted() -> None:
    history = stored("trip")
    older = msgspec.structs.replace(history, events=tuple(map(_older, history.events)))
    assert older.events != history.events
    lifted = older.folded({("step.succeeded", VERSION - 1): _lift})
    assert lifted == history.folded()
    with pytest.raises(msgspec.ValidationError, match="path"):
        older.folded()


def test_a_payload_of_a_later_release_is_refused() -> None:
    history = stored("trip")
    later = msgspec.structs.replace(history.events[-1], version=VERSION + 1)
    with pytest.raises(Invalid, match="cannot read"):
        msgspec.structs.replace(history, events=(*history.events[:-1], later)).folded()
