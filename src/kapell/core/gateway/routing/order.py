"""In which order a route's deployments are preferred, and why the first one is first."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from kapell.core.gateway.complexity.choosing import Choice as Complexity
from kapell.core.gateway.routing.route import Deployment, Member, Route, deployments

T = TypeVar("T")


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What an order may depend on.

    ``draw`` lies in [0, 1), and so does ``share``, which stays the same for a subject.
    ``in_flight`` are calls under way, ``costs`` what the request would cost at most; both by name
    of the deployment. ``prompt`` is what the prompt was found to be, by name of the route that
    asks.
    """

    draw: float = 0.0
    share: float = 0.0
    prompt: Mapping[str, Complexity] = {}
    in_flight: Mapping[str, int] = {}
    costs: Mapping[str, int] = {}


class Preferred(msgspec.Struct, frozen=True):
    """A deployment and why it stands where it stands."""

    deployment: Deployment
    reason: str


def ordered(route: Route, load: Load) -> tuple[Preferred, ...]:
    """Return a route's deployments, the one to be asked first at the beginning."""
    found: dict[str, Preferred] = {}
    for place, member in enumerate(_members(route, load)):
        inner = (
            ordered(member.of, load)
            if isinstance(member.of, Route)
            else (Preferred(member.of, _reason(route, member, place, load)),)
        )
        for one in inner:
            found.setdefault(one.deployment.name, one)
    return tuple(found.values())


def likely(route: Route) -> tuple[Deployment, ...]:
    """Return the deployments that may be asked first while all are well."""
    if route.choose in ("listed", "cheapest"):
        members = route.members[:1]
    else:
        members = tuple(member for member in route.members if member.weight > 0)
    found: dict[str, Deployment] = {}
    for member in members:
        for one in likely(member.of) if isinstance(member.of, Route) else (member.of,):
            found.setdefault(one.name, one)
    return tuple(found.values())


def _members(route: Route, load: Load) -> Sequence[Member]:
    match route.choose:
        case "listed":
            return route.members
        case "weighted":
            return _drawn(route.members, load.draw)
        case "split":
            return _drawn(route.members, load.share)
        case "complexity":
            found = load.prompt.get(route.name)
            return sorted(route.members, key=lambda one: _fit(one, found))
        case "least_busy":
            turned = _turned(route.members, load.draw)
            return sorted(turned, key=lambda one: _busy(one, load))
        case "cheapest":
            return sorted(route.members, key=lambda one: _cost(one, load))


def _turned(members: Sequence[T], draw: float) -> list[T]:
    """Return the members begun at a drawn place, so that equals take turns."""
    start = min(int(draw * len(members)), len(members) - 1)
    return [*members[start:], *members[:start]]


def _drawn(members: Sequence[Member], draw: float) -> list[Member]:
    """Return the members as drawn by weight, without putting back; weightless ones come last.

    One number decides all: after each draw it is stretched over the interval it fell in.
    """
    left = [member for member in members if member.weight > 0]
    chosen: list[Member] = []
    while left:
        total = sum(member.weight for member in left)
        low = 0.0
        for number, member in enumerate(left):
            high = low + member.weight / total
            if draw < high or number == len(left) - 1:
                draw = min(max((draw - low) / (high - low), 0.0), 1.0 - 1e-12)
                chosen.append(left.pop(number))
                break
            low = high
    return chosen + [member for member in members if member.weight <= 0]


def _inside(member: Member) -> tuple[Deployment, ...]:
    return deployments(member.of) if isinstance(member.of, Route) else (member.of,)


def _busy(member: Member, load: Load) -> float:
    """Return how busy a member is: its least busy deployment, by how much it may bear."""
    weight = member.weight if member.weight > 0 else 1e-9
    return min(
        load.in_flight.get(one.name, 0) / (one.concurrency or 1) / weight for one in _inside(member)
    )


def _fit(member: Member, found: Complexity | None) -> int:
    """Return where a member stands for a prompt: it is for it, for the rest, or for others."""
    if not member.classes:
        return 1
    return 0 if found is not None and found.kind in member.classes else 2


def _cost(member: Member, load: Load) -> float:
    return min(load.costs.get(one.name, float("inf")) for one in _inside(member))


def _reason(route: Route, member: Member, place: int, load: Load) -> str:
    name = member.of.name
    match route.choose:
        case "listed":
            return f"number {place + 1} of the list"
        case "weighted":
            return f"drawn with weight {member.weight:g}"
        case "split":
            return f"its share of the split, weight {member.weight:g}"
        case "complexity":
            found = load.prompt.get(route.name)
            return found.reason if found else f"number {place + 1} of the list"
        case "least_busy":
            return f"{load.in_flight.get(name, 0)} calls under way"
        case "cheapest":
            return "the cheapest" if place == 0 else f"number {place + 1} by price"
