"""The gateway wired up: providers, routes with their health in the store, prices."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from kapell.adapters.db.maintenance import Finding
from kapell.adapters.db.store import Store
from kapell.adapters.llm.factories import factories, factory
from kapell.adapters.llm.settings import ProviderSettings
from kapell.adapters.pricing.bundled import BundledPrices
from kapell.adapters.system.clock import SystemClock, random_bits
from kapell.bootstrap.guarding.gates import Gates
from kapell.bootstrap.guarding.limits import cost_limits
from kapell.bootstrap.keeping import KeyFinder, vaulted
from kapell.core.gateway.calls import ModelRequest
from kapell.core.gateway.providers import PROVIDERS
from kapell.core.gateway.quotas import Quota
from kapell.core.gateway.routing.route import Deployment, chosen, deployments
from kapell.core.gateway.routing.split import sides
from kapell.core.pricing.override import Override
from kapell.kit.clock import Clock
from kapell.kit.errors import KapellError
from kapell.kit.ids import TenantId
from kapell.kit.json import encode
from kapell.kit.money import nano
from kapell.services.gateway.answers import AnswerCache
from kapell.services.gateway.counts import Counts, QuotaGuard
from kapell.services.gateway.door import Gateway
from kapell.services.gateway.ports import ModelFactory
from kapell.services.gateway.routing.board import HealthBoard
from kapell.services.gateway.routing.ports import Prices
from kapell.services.gateway.routing.router import Router
from kapell.services.gateway.selecting import Selector
from kapell.services.gateway.spending import BudgetRules, Watch
from kapell.services.pricing.prices import PriceList
from kapell.settings.keys import reached
from kapell.settings.loading import Settings
from kapell.testing.models.scripted import ScriptedModel


def price_list(settings: Settings, clock: Clock) -> PriceList:
    """Return what models and routes cost in a workspace."""
    own = [
        Override(
            model=model,
            input=Decimal(str(price.input)),
            output=Decimal(str(price.output)),
            cached_input=None if price.cached_input is None else Decimal(str(price.cached_input)),
        )
        for model, price in settings.prices.items()
    ]
    return PriceList(own, BundledPrices(), clock, chosen(settings.definitions.routes))


def make_router(
    settings: Settings, store: Store, tenant: TenantId, prices: Prices, clock: Clock
) -> Router:
    """Return who carries out the routes of a workspace, with their health in the store."""
    board = HealthBoard(store.deployments, tenant, clock)
    return Router(chosen(settings.definitions.routes), board, prices, clock, _draw)


def make_selector(settings: Settings, router: Router) -> Selector:
    """Return who says whom a route would ask, by the same healths and limits as its calls."""
    places = {name: one.base_url for name, one in settings.providers.items() if one.base_url}
    return Selector(router, places)


def make_gateway(
    root: Path,
    settings: Settings,
    store: Store,
    counts: Counts,
    prices: Prices,
    router: Router,
    finder: KeyFinder,
    gates: Gates,
    rules: BudgetRules | None = None,
    watch: Watch | None = None,
) -> Gateway:
    """Return the one door to models, with the routes of a workspace."""
    providers = {
        name: ProviderSettings(
            base_url=one.base_url, api_key=one.api_key, api_version=one.api_version
        )
        for name, one in settings.providers.items()
    }
    apart = {
        one.name: _factory(one, settings, finder)
        for one in all_deployments(settings)
        if one.apart and one.model.partition(":")[0] in PROVIDERS
    }
    made = {**factories(providers), "scripted": lambda: ScriptedModel(root)}
    for name, own in providers.items():
        if own.api_key is None:
            made[name] = vaulted(name, own, PROVIDERS[name].key_names, finder)
    return Gateway(
        made,
        router,
        apart,
        answers=AnswerCache(store.results, _meanings(router, providers)),
        quotas=QuotaGuard(
            [*_quotas(settings), *cost_limits(settings)],
            counts,
            prices,
            rules,
            warn=settings.limits.cost.warn,
            watch=watch,
        ),
        gates=gates.models,
        deployed=gates.deployed,
    )


def _meanings(
    router: Router, providers: Mapping[str, ProviderSettings]
) -> Callable[[ModelRequest], str]:
    """Return what says who stands behind the name of the model a request asks."""
    written = {name: encode(one).decode() for name, one in router.routes.items()}

    def meaning(request: ModelRequest) -> str:
        route = router.routes.get(request.model)
        if route is None:
            place = providers.get(request.model.partition(":")[0])
            return "" if place is None else place.base_url
        return "\n".join((written[route.name], *sides(request, route)))

    return meaning


def _quotas(settings: Settings) -> list[Quota]:
    return [
        Quota(
            per=one.per,
            every=one.every,
            who=one.who,
            calls=one.calls,
            tokens=one.tokens,
            usd=None if one.usd is None else int(nano(one.usd)),
        )
        for one in settings.quotas
    ]


def all_deployments(settings: Settings) -> tuple[Deployment, ...]:
    """Return the deployments of all routes, each name once."""
    found: dict[str, Deployment] = {}
    for route in chosen(settings.definitions.routes).values():
        for one in deployments(route):
            found.setdefault(one.name, one)
    return tuple(found.values())


def examine_routes(settings: Settings) -> Iterator[Finding]:
    """Yield whether each route can be asked: keys, settings, prices; no call is made."""
    routes = chosen(settings.definitions.routes)
    prices = price_list(settings, SystemClock())
    for route in routes.values():
        every = deployments(route)
        wrong = [found for one in every if (found := _wrong(one, settings, prices)) is not None]
        usable = len(every) - len(wrong)
        told = "; ".join(message for message, _ in wrong)
        yield Finding(
            name=f"route {route.name}",
            ok=not wrong,
            detail=f"{usable} of {len(every)} deployments can be asked"
            + (f": {told}" if told else f", {route.choose}"),
            advice="\n      ".join(dict.fromkeys(advice for _, advice in wrong)),
        )


def _wrong(one: Deployment, settings: Settings, prices: Prices) -> tuple[str, str] | None:
    """Return why a deployment cannot be asked, and what to do about it."""
    provider = PROVIDERS.get(one.model.partition(":")[0])
    if provider is not None:
        found = reached(one, settings.providers)
        own = found.base_url != settings.providers[provider.prefix].base_url
        if (
            provider.key_needed
            and found.api_key is None
            and not (own and provider.prefix == "openai")
        ):
            names = one.key_variable or " or ".join(provider.key_names)
            if own and not one.key_variable:
                advice = f"Name the environment variable of its key: key_variable, at {one.name}."
                return f"{one.name} has an address of its own and no key", advice
            return f"{one.name} has no key", f"Set {names} in the environment."
        if not (found.base_url or provider.base_url):
            return f"{one.name} has no address", f"Set {provider.base_url_name} or its base_url."
        if provider.version_name and not found.api_version:
            return f"{one.name} has no API version", f"Set {provider.version_name}."
    try:
        prices.quote(one.model)
    except KapellError as error:
        return error.message.rstrip("."), error.advice
    return None


def _factory(one: Deployment, settings: Settings, finder: KeyFinder) -> ModelFactory:
    found = reached(one, settings.providers)
    prefix = one.model.partition(":")[0]
    own = ProviderSettings(
        base_url=found.base_url,
        api_key=found.api_key,
        api_version=found.api_version,
        headers=one.headers,
    )
    # The provider's own key is not sent to another address, from the vault neither.
    if one.key_variable:
        return vaulted(prefix, own, (one.key_variable,), finder)
    if one.base_url:
        return factory(prefix, own)
    return vaulted(prefix, own, PROVIDERS[prefix].key_names, finder)


def _draw() -> float:
    return (random_bits() & (1 << 53) - 1) / (1 << 53)
