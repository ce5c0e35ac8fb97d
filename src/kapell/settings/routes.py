"""Routes as ``kapell.yaml`` writes them: read whole, every mistake told with its place."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta

from kapell.core.definitions.authored import ID_PATTERN, Amount, Authored, Span, doc
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.tree import Node
from kapell.core.gateway.complexity.rules import Class, RulesForm, rules_of
from kapell.core.gateway.routing.route import Breaker, Choosing, Deployment, Member, Route
from kapell.core.workflows.models import INHERIT, is_model, resolve_model
from kapell.kit.errors import Place

_LONGEST = 8
"""Routes that may stand inside each other."""

_SECRET_HEADERS = ("authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie")
_Count: TypeAlias = Annotated[int, Meta(ge=1)]


class BreakerForm(Authored, kw_only=True):
    """When a deployment counts as sick and is left alone for a while."""

    called: ClassVar[str] = "`breaker`"

    failures: Annotated[
        _Count | None, doc("Failures in a row after which it is sick.", default=5)
    ] = None
    window: Annotated[
        Span | None, doc("Time over which the share of failures is counted.", default="60s")
    ] = None
    share: Annotated[
        Annotated[float, Meta(ge=0.05, le=1)] | None,
        doc("Share of failed calls within `window` from which it is sick too.", default=0.5),
    ] = None
    cooldown: Annotated[
        Span | None,
        doc("Time it is left alone; it doubles with each probe that fails.", default="15s"),
    ] = None
    longest: Annotated[Span | None, doc("Longest time it is left alone.", default="5m")] = None


class DeploymentForm(Authored, kw_only=True):
    """A model at one place, or another route, as part of a route."""

    called: ClassVar[str] = "a deployment"

    model: Annotated[str, doc("The model, `provider:name`, or the name of another route.")]
    name: Annotated[
        str | None,
        doc("What health and limits are counted by; the model, and its region, unless given."),
    ] = None
    weight: Annotated[
        Amount | None,
        doc(
            "Its share, with `choose: weighted`, `split` or `least_busy`; 0 is asked last.",
            default=1,
        ),
    ] = None
    concurrency: Annotated[_Count | None, doc("Calls a worker has under way there at a time.")] = (
        None
    )
    rate: Annotated[_Count | None, doc("Calls a worker makes there in a minute.")] = None
    timeout: Annotated[Span | None, doc("Time one try may take.")] = None
    context: Annotated[
        _Count | None, doc("Tokens it reads and writes; longer requests go elsewhere.")
    ] = None
    region: Annotated[str | None, doc("Where it runs, for people and lists.")] = None
    base_url: Annotated[str | None, doc("Address of its API, before the provider's.")] = None
    headers: Annotated[
        dict[str, str] | None, doc("Headers sent along. Keys do not belong here.")
    ] = None
    key_variable: Annotated[
        str | None, doc("Environment variable of its key, before the provider's.")
    ] = None
    breaker: Annotated[BreakerForm | None, doc("When it is sick, before the route's.")] = None
    classes: Annotated[
        list[Class] | None,
        doc("Prompts it is for, with `choose: complexity`; without it, those nobody else is for."),
    ] = None
    prompt: Annotated[
        Annotated[str, Meta(max_length=500)] | None,
        doc("Said to it before everything else, to compare two ways of asking."),
    ] = None


class RouteForm(Authored, kw_only=True):
    """A rule that chooses one of several deployments, and the next when one fails."""

    called: ClassVar[str] = "a route"

    deployments: Annotated[
        list[str | DeploymentForm], doc("Models, or other routes, in the order of preference.")
    ]
    choose: Annotated[
        Choosing | None,
        doc(
            "Who is asked first: as `listed`, by lot (`weighted`), the `least_busy`, the "
            "`cheapest`, the one for prompts like this (`complexity`), or always the same one for "
            "the same subject, by weight (`split`). The others are fallbacks, in that order.",
            default="listed",
        ),
    ] = None
    patience: Annotated[
        Span | None,
        doc("Time one call waits, altogether, for a deployment to be free.", default="10s"),
    ] = None
    timeout: Annotated[
        Span | None,
        doc("Time one try may take; else half of what is left, at most 2m, if others can follow."),
    ] = None
    breaker: Annotated[BreakerForm | None, doc("When a deployment is sick.")] = None
    rules: Annotated[
        RulesForm | None, doc("What prompts are told apart by, with `choose: complexity`.")
    ] = None


Written: TypeAlias = str | list[str | DeploymentForm] | RouteForm
"""A route in ``kapell.yaml``: a model, a list of fallbacks, or a rule."""


def routes_of(
    forms: Mapping[str, Written] | None, node: Node | None, problems: Problems
) -> Mapping[str, str | Route]:
    """Return the routes by name, one of a single plain model as that model.

    Args:
        forms: What was written, by name.
        node: The mapping it was read from.
        problems: Collects what is wrong.
    """
    if not forms or node is None:
        return {}
    reader = _Reader(forms, node, problems)
    found = {name: reader.route(name) for name in forms}
    return {name: one for name, one in found.items() if one is not None}


class _Reader:
    def __init__(self, forms: Mapping[str, Written], node: Node, problems: Problems) -> None:
        self._forms = forms
        self._node = node
        self._problems = problems
        self._done: dict[str, str | Route | None] = {}
        self._way: list[str] = []
        self._known: dict[str, tuple[Deployment, Place]] = {}

    def route(self, name: str) -> str | Route | None:
        """Return what a name means; None when it is wrong, which has been told."""
        if name not in self._done:
            self._check_name(name)
            self._way.append(name)
            self._done[name] = self._read(name, self._forms[name], self._node.entries[name][1])
            self._way.pop()
        return self._done[name]

    def _check_name(self, name: str) -> None:
        if re.fullmatch(ID_PATTERN, name) and not is_model(name) and name != INHERIT:
            return
        self._problems.error(
            "route_name",
            f"`{name}` cannot be the name of a route.",
            self._node.entries[name][0].place,
            "Use letters, digits, `-` and `_`; `offline` and `inherit` have a meaning already.",
        )

    def _read(self, name: str, form: Written, node: Node) -> str | Route | None:
        if isinstance(form, str):
            found = self._named(form, node.place)
            return found.model if isinstance(found, Deployment) else found
        rule = form if isinstance(form, RouteForm) else None
        items = form.deployments if isinstance(form, RouteForm) else form
        listed = (node.get("deployments") or node) if rule else node
        if not items:
            if not listed.items and (rule is None or rule.given("deployments")):
                message = f"The route `{name}` has no deployments."
                advice = "Name at least one model, or remove the route."
                self._problems.error("route_empty", message, listed.place, advice)
            return None
        members = self._members(items, rule, listed)
        if rule is not None:
            self._check_weights(name, rule, members)
        if not members:
            return None
        route = Route(name=name, members=tuple(members))
        return route if rule is None else _ruled(route, rule, self._problems)

    def _members(
        self, items: Sequence[str | DeploymentForm], rule: RouteForm | None, node: Node
    ) -> list[Member]:
        members: list[Member] = []
        # What did not fit was told and left out: places are those of what fits.
        fits = [one for one in node.items if one.kind in ("text", "mapping")]
        for item, written in zip(items, fits, strict=True):
            place = written.place
            member = self._member(item, rule, place)
            if member is None:
                continue
            if any(one.of.name == member.of.name for one in members):
                message = f"`{member.of.name}` stands in this route twice."
                advice = "Remove one of the two, or give the second a `name` of its own."
                self._problems.error("deployment_twice", message, place, advice)
            members.append(member)
        return members

    def _member(
        self, item: str | DeploymentForm, rule: RouteForm | None, place: Place
    ) -> Member | None:
        if isinstance(item, str):
            found = self._named(item, place)
            if isinstance(found, Deployment):
                found = _deployment(found.model, None, rule)
        else:
            found = self._named(item.model, item.value("model").place) if item.model else None
            if isinstance(found, Deployment):
                found = _deployment(found.model, item, rule)
                self._check_deployment(item)
            elif found is not None:
                self._check_plain(item)
        if found is None:
            return None
        if isinstance(found, Deployment):
            self._check_same(found, place)
        form = item if isinstance(item, DeploymentForm) else None
        weight = None if form is None else form.weight
        classes = tuple(form.classes or ()) if form is not None else ()
        self._check_classes(form, rule)
        return Member(found, 1.0 if weight is None else weight, classes)

    def _named(self, name: str, place: Place) -> Deployment | Route | None:
        """Return what an entry names: a model, or another route, which must not lead back here."""
        if name not in self._forms or is_model(name):
            model = resolve_model(
                name, dict(zip(self._forms, self._forms, strict=True)), place, self._problems
            )
            if name == INHERIT:
                message = "A route names models; `inherit` is for agents."
                advice = "Write `provider:name`, or the name of another route."
                self._problems.error("model_unknown", message, place, advice)
            return None if model is None else Deployment(name=model, model=model)
        if name in self._way or len(self._way) >= _LONGEST:
            self._circle(name, place)
            return None
        found = self.route(name)
        return Deployment(name=found, model=found) if isinstance(found, str) else found

    def _circle(self, name: str, place: Place) -> None:
        if name in self._way:
            way = [*self._way[self._way.index(name) :], name]
            message = f"The route `{name}` names itself: {' -> '.join(way)}."
            advice = "Name a model somewhere on that way."
        else:
            message = f"Routes stand inside each other more than {_LONGEST} deep."
            advice = "Name the models themselves."
        self._problems.error("route_circle", message, place, advice)

    def _check_weights(self, name: str, rule: RouteForm, members: Sequence[Member]) -> None:
        weighs = rule.choose in ("weighted", "least_busy", "split")
        for item in rule.deployments:
            if isinstance(item, DeploymentForm) and item.weight is not None and not weighs:
                self._problems.error(
                    "weight_unused",
                    "`weight` means nothing in a route that does not choose by it.",
                    item.place("weight"),
                    "Write `choose: weighted` in the route, or remove the weight.",
                )
        if weighs and members and all(member.weight <= 0 for member in members):
            message = f"Every deployment of the route `{name}` has the weight 0."
            advice = "Give at least one of them a weight above 0."
            self._problems.error("weights_zero", message, rule.place("deployments"), advice)

    def _check_deployment(self, form: DeploymentForm) -> None:
        def wrong(key: str, message: str, advice: str, code: str = "wrong_value") -> None:
            self._problems.error(code, message, form.value(key).place, advice)

        if form.timeout == 0:
            wrong("timeout", "`timeout` must be longer than nothing.", "Write 30s, for example.")
        if form.base_url and not re.match(r"https?://[^/\s]", form.base_url):
            wrong("base_url", "`base_url` is no address.", "Write https://host/path.")
        if form.key_variable and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", form.key_variable):
            wrong(
                "key_variable",
                "`key_variable` is no name of an environment variable.",
                "Write the variable's name, such as AZURE_WEST_KEY, never the key itself.",
            )
        for header in form.headers or {}:
            if header.casefold() in _SECRET_HEADERS:
                wrong(
                    "headers",
                    f"The header `{header}` would hold a key.",
                    "Remove it and name the key's environment variable as `key_variable`.",
                    "secret_in_file",
                )

    def _check_classes(self, form: DeploymentForm | None, rule: RouteForm | None) -> None:
        by_complexity = rule is not None and rule.choose == "complexity"
        if form is not None and form.given("classes") and not by_complexity:
            self._problems.error(
                "wrong_value",
                "`classes` mean nothing in a route that does not choose by complexity.",
                form.place("classes"),
                "Write `choose: complexity` in the route, or remove them.",
            )

    def _check_plain(self, form: DeploymentForm) -> None:
        """Refuse what a deployment may say and a route as a member may not."""
        for key in form.node.entries:
            if key not in ("model", "weight", "classes"):
                self._problems.error(
                    "wrong_value",
                    f"`{key}` cannot be said of a route inside a route.",
                    form.place(key),
                    f"Say it of the deployments of `{form.model}`.",
                )

    def _check_same(self, found: Deployment, place: Place) -> None:
        """Deployments of one name are one: they must be reached in one way."""
        first, at = self._known.setdefault(found.name, (found, place))
        if _way_to(first) != _way_to(found):
            self._problems.error(
                "deployment_differs",
                f"`{found.name}` is reached in another way at {at}.",
                place,
                "Give one of the two another `name`.",
            )


def _way_to(one: Deployment) -> tuple[object, ...]:
    return (one.model, one.base_url, dict(one.headers), one.key_variable, one.prompt)


def _ruled(route: Route, rule: RouteForm, problems: Problems) -> Route:
    rules = None if rule.rules is None else rules_of(rule.rules, problems)
    patience = route.patience if rule.patience is None else rule.patience
    return Route(
        name=route.name,
        members=route.members,
        choose=rule.choose or route.choose,
        patience=patience,
        rules=rules,
    )


def _deployment(model: str, form: DeploymentForm | None, rule: RouteForm | None) -> Deployment:
    timeout = rule.timeout if rule else None
    breaker = _breaker(rule.breaker if rule else None, Breaker())
    if form is None:
        return Deployment(name=model, model=model, timeout=timeout, breaker=breaker)
    place = form.region or _host(form.base_url)
    return Deployment(
        name=form.name or (f"{model}@{place}" if place else model),
        model=model,
        concurrency=form.concurrency,
        rate=form.rate,
        timeout=timeout if form.timeout is None else form.timeout,
        context=form.context,
        region=form.region or "",
        base_url=form.base_url or "",
        headers=form.headers or {},
        key_variable=form.key_variable or "",
        prompt=form.prompt or "",
        breaker=_breaker(form.breaker, breaker),
    )


def _host(url: str | None) -> str:
    return re.sub(r"^https?://|/.*$", "", url or "")


def _breaker(form: BreakerForm | None, around: Breaker) -> Breaker:
    if form is None:
        return around
    return Breaker(
        failures=around.failures if form.failures is None else form.failures,
        window=around.window if form.window is None else form.window,
        share=around.share if form.share is None else form.share,
        cooldown=around.cooldown if form.cooldown is None else form.cooldown,
        longest=around.longest if form.longest is None else form.longest,
    )
