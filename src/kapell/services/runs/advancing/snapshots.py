"""Snapshots of runs: sealed when they are kept, used only when they are whole and fit the log."""

import msgspec

from kapell.core.runs.fold.snapshot import dump_state, load_state
from kapell.core.runs.state import FOLD, State
from kapell.kit.json import digest
from kapell.services.runs.ports import Claim, Snapshot

WHOLE_LOG = ""
"""A fold version that no snapshot has: asked for it, a log gives all its events."""

_SEAL = 64
"""Bytes before the state: its digest."""


def sealed(state: State) -> Snapshot:
    """Return the snapshot of a state."""
    body = dump_state(state)
    return Snapshot(state.seq, FOLD, digest(body).encode() + body)


def opened(snapshot: Snapshot, claim: Claim) -> State | None:
    """Return the state in a snapshot; None when it is damaged, of another shape or another run.

    It is only a cache: whoever cannot use it folds the whole log.
    """
    seal, body = snapshot.body[:_SEAL], snapshot.body[_SEAL:]
    if seal != digest(body).encode():
        return None
    try:
        state = load_state(body)
    except msgspec.MsgspecError:
        return None
    fits = (state.tenant_id, state.run_id) == (claim.tenant_id, claim.run_id)
    return state if fits and state.seq == snapshot.seq <= claim.seq else None
