"""Whom to ask, for those who ask themselves: a choice with its reasons, and never a key."""

from collections.abc import Mapping

import msgspec

from kapell.core.gateway.calls import ModelRequest, Try
from kapell.core.gateway.failures import failure, provider_of
from kapell.core.gateway.providers import PROVIDERS
from kapell.core.gateway.routing.choice import Ask, Wait
from kapell.core.gateway.routing.route import Deployment, Member, Route
from kapell.kit.errors import Limited
from kapell.services.gateway.routing.router import Router


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be asked, where, and why; ``skipped`` are those that were passed over.

    ``key_name`` is the name under which the environment or the vault has the key.
    """

    provider: str
    model: str
    deployment: str
    base_url: str
    region: str = ""
    headers: Mapping[str, str] = {}
    key_name: str = ""
    reason: str = ""
    skipped: tuple[Try, ...] = ()


class Selector:
    """Chooses a deployment by a route's policy, health, cost, context and the prompt.

    Args:
        router: Knows the routes and how deployments are.
        places: Addresses of providers that are not their own, by prefix.
    """

    def __init__(self, router: Router, places: Mapping[str, str]) -> None:
        self._router = router
        self._places = places

    async def select(self, request: ModelRequest) -> Selection:
        """Return who should be asked now. Nothing is asked and no probe is claimed.

        Args:
            request: ``model`` names a route or a model; the messages may be left out where the
                route goes by nothing that depends on them.

        Raises:
            Limited: ``selection_limited``, with the seconds after which somebody has room.
            Missing: ``model_unknown``.
        """
        route = self._router.routes.get(request.model) or _single(request.model)
        found = await self._router.preferred(route, request)
        if isinstance(found, Ask):
            return self._selection(found)
        wait = found.seconds if isinstance(found, Wait) else found.retry_after
        raise Limited(
            f"Nobody of the route {route.name!r} can be asked now: {found.reason}.",
            code="selection_limited",
            advice="Ask again later, or add a deployment to the route.",
            retry_after=wait,
        )

    def _selection(self, choice: Ask) -> Selection:
        deployment = choice.deployment
        prefix, _, name = deployment.model.partition(":")
        provider = PROVIDERS.get(prefix)
        own = self._places.get(prefix) or (provider.base_url if provider else "")
        names = provider.key_names if provider else ()
        return Selection(
            provider=prefix,
            model=name or prefix,
            deployment=deployment.name,
            base_url=deployment.base_url or own,
            region=deployment.region,
            headers=deployment.headers,
            key_name=deployment.key_variable or next(iter(names), ""),
            reason=choice.reason,
            skipped=choice.skipped,
        )


def _single(model: str) -> Route:
    named = model == "offline" or bool(model.partition(":")[2])
    if not named or provider_of(model) not in (*PROVIDERS, "offline", "scripted"):
        raise failure("model_unknown", f"No provider or route is called {model!r}.")
    return Route(name=model, members=(Member(Deployment(name=model, model=model)),))
