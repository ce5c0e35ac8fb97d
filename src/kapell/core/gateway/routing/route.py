"""A route as data: deployments of models, and how one of them is chosen."""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec

from kapell.core.gateway.complexity.rules import Class, Rules

Choosing: TypeAlias = Literal["listed", "weighted", "least_busy", "cheapest", "complexity", "split"]
"""How a route orders its members: as they are listed, by lot with weights, the least busy or the
cheapest first, those for prompts like this one first, or by weights and always the same for the
same subject. Those behind the first are its fallbacks in that order.
"""


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """When a deployment counts as sick, and for how long it is left alone.

    It is sick after ``failures`` failures in a row, or when within ``window`` seconds twice as many
    calls failed and they were ``share`` of all. It is left alone for ``cooldown`` seconds, twice as
    long after each probe that failed, at most ``longest``.
    """

    failures: int = 5
    window: float = 60.0
    share: float = 0.5
    cooldown: float = 15.0
    longest: float = 300.0


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A model at one place.

    ``name`` is what health and limits are counted by: deployments of one name share them.
    ``concurrency`` and ``rate`` (calls a minute) bound what one worker asks of it. ``context`` is
    how many tokens it reads. ``timeout`` is how long one try may take, in seconds. What of
    ``base_url``, ``headers`` and ``key_variable`` is set stands before the provider's own settings.
    ``prompt`` is said to it before everything else: two deployments may differ in nothing but that.
    """

    name: str
    model: str
    concurrency: int | None = None
    rate: int | None = None
    timeout: float | None = None
    context: int | None = None
    region: str = ""
    base_url: str = ""
    headers: Mapping[str, str] = {}
    key_variable: str = ""
    prompt: str = ""
    breaker: Breaker = Breaker()

    @property
    def apart(self) -> bool:
        """Tell whether it is reached another way than its provider's other models."""
        return bool(self.base_url or self.headers or self.key_variable)


class Member(msgspec.Struct, frozen=True):
    """A deployment, or another route, as part of a route.

    ``classes`` are those of prompts it is for, where the route chooses by complexity; without any
    it is for all that nobody else is for.
    """

    of: "Deployment | Route"
    weight: float = 1.0
    classes: tuple[Class, ...] = ()


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that chooses a model.

    ``patience`` is how many seconds one call waits, altogether, for a deployment to be free.
    ``rules`` tell prompts apart where it chooses by complexity; None means those that ship.
    """

    name: str
    members: tuple[Member, ...]
    choose: Choosing = "listed"
    patience: float = 10.0
    rules: Rules | None = None


Routes: TypeAlias = Mapping[str, str | Route]
"""What short names mean: one model, which stands in the name's place, or a route that chooses."""


def meant(name: str, routes: Routes) -> str:
    """Return the model a name stands for; the name itself when it is a route that chooses."""
    found = routes.get(name, name)
    return found.name if isinstance(found, Route) else found


def chosen(routes: Routes) -> dict[str, Route]:
    """Return the routes that choose, by their own names."""
    return {one.name: one for one in routes.values() if isinstance(one, Route)}


def within(route: Route) -> Iterator[Route]:
    """Yield a route and those inside it."""
    yield route
    for member in route.members:
        if isinstance(member.of, Route):
            yield from within(member.of)


def deployments(route: Route) -> tuple[Deployment, ...]:
    """Return every deployment a route may ask, each name once, in the order they are listed."""
    found: dict[str, Deployment] = {}
    for one in _leaves(route):
        found.setdefault(one.name, one)
    return tuple(found.values())


def models(route: Route) -> tuple[str, ...]:
    """Return the models a route may ask, each once."""
    return tuple(dict.fromkeys(one.model for one in _leaves(route)))


def _leaves(route: Route) -> Iterator[Deployment]:
    for member in route.members:
        if isinstance(member.of, Route):
            yield from _leaves(member.of)
        else:
            yield member.of
