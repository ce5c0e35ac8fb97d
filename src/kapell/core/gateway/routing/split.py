"""The split of subjects over ways of asking: even, and the same for the same subject every time."""

import hashlib

from kapell.core.gateway.calls import ModelRequest
from kapell.core.gateway.routing.order import Load, ordered
from kapell.core.gateway.routing.route import Route, within


def share(subject: str, salt: str) -> float:
    """Return a number in [0, 1) that follows from a subject; other salts split otherwise."""
    found = hashlib.sha256(f"{salt}\n{subject}".encode("utf-8", "replace")).digest()
    return (int.from_bytes(found[:8]) >> 11) / (1 << 53)


def share_of(request: ModelRequest, route: Route) -> float:
    """Return where a request to a route stands: by whom it is for, else by what it is part of."""
    return share(request.subject or request.conversation or request.label, route.name)


def sides(request: ModelRequest, route: Route) -> tuple[str, ...]:
    """Return on which side of each split within a route a request is; none where nothing splits."""
    load = Load(share=share_of(request, route))
    splits = (one for one in within(route) if one.choose == "split")
    return tuple(ordered(one, load)[0].deployment.name for one in splits)
