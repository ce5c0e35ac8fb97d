"""The Jinja environment expressions live in: its grammar, none of its reach.

Authors write Jinja and Jinja's compiler makes the code, but everything that does work has been
replaced before (see ``rewriting``) by an operation that pays the meter. What is left of Jinja's own
sandbox stands behind as a second wall: it refuses every attribute, item and call that would get
through.
"""

from collections.abc import Callable
from typing import Never

from jinja2 import Undefined, pass_context
from jinja2.lexer import TokenStream
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kapell.core.expressions.errors import denied, wrong
from kapell.core.expressions.limits import Meter
from kapell.core.expressions.operations import operators, registry
from kapell.core.expressions.operations.predicates import PREDICATES
from kapell.core.expressions.operations.values import item, member, sequence, sort_of, text_of
from kapell.core.expressions.positions import positioned

LOOP_MEMBERS = frozenset(
    ["depth", "depth0", "first", "index", "index0", "last", "length", "nextitem", "previtem",
     "revindex", "revindex0"]
)  # fmt: skip


class Evaluation(Context):
    """Jinja's context with the meter of one evaluation."""

    meter: Meter


class Null(Undefined):
    """What Jinja takes for undefined is null here; no undefined object ever exists."""

    def __new__(cls, *_: object, **__: object) -> None:  # type: ignore[misc] # makes no object
        """Return null instead of an object."""
        return None


class Dialect(ImmutableSandboxedEnvironment):
    """Jinja's grammar whose line numbers are offsets into the source."""

    context_class = Evaluation

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        tokens = positioned(self.lexer, source, state)
        return TokenStream(self.lexer.wrap(tokens, name, filename), name, filename)

    def getattr(self, obj: object, attribute: str) -> Never:
        """Refuse: attributes are read by an operation of ours."""
        raise denied(f"Expressions cannot reach {attribute!r}")

    def getitem(self, obj: object, argument: object) -> Never:
        """Refuse: items are read by an operation of ours."""
        raise denied("Expressions cannot reach this")

    def call(*_: object, **__: object) -> Never:
        """Refuse: what may be called is an operation of ours."""
        raise denied("Expressions cannot call this")


def _paying(operation: Callable[..., object]) -> Callable[..., object]:
    @pass_context
    def run(context: Evaluation, value: object, at: int, *given: object, **named: object) -> object:
        meter = context.meter
        meter.at = at
        meter.spend(1)
        return operation(meter, value, *given, **named)

    return run


@pass_context
def _member(context: Evaluation, value: object, at: int, name: str) -> object:
    if type(value) is dict:  # nearly always, and it cannot fail
        return value.get(name)
    context.meter.at = at
    return member(value, name)


@pass_context
def _equal(context: Evaluation, value: object, at: int, other: object) -> object:
    context.meter.at = at
    return operators.equal(context.meter, value, other)


def _item(meter: Meter, value: object, key: object) -> object:
    return item(value, key)


def _counting(meter: Meter, value: object, each: int) -> object:
    """Return the items of a loop one by one; every pass pays for what its body holds."""

    def passes() -> object:
        for one in found:
            meter.spend(each)
            yield one

    found = sequence(meter, value)
    return passes()


def _loop(meter: Meter, value: object, name: str) -> object:
    found: object = getattr(value, name) if isinstance(value, LoopContext) else None
    return found


def _cycle(meter: Meter, value: object, *choices: object) -> object:
    if not isinstance(value, LoopContext) or not choices:
        raise denied("loop.cycle needs values to choose from")
    return choices[value.index0 % len(choices)]


def _literal(meter: Meter, value: object) -> object:
    meter.spend(len(value) if isinstance(value, list | dict) else 1)
    return value


def _text_key(meter: Meter, value: object) -> str:
    if isinstance(value, str):
        return value
    raise wrong(f"A key of an object must be text, not {sort_of(value)}")


def _shown(meter: Meter, value: object, spot: int) -> str:
    """Return a text as it is shown: marked, where somebody asks for that."""
    text = text_of(meter, value)
    return text if meter.mark is None else meter.mark(spot, text)


def _function(meter: Meter, name: str, *given: object, **named: object) -> object:
    return registry.FUNCTIONS[name](meter, *given, **named)


def _build() -> Dialect:
    made = Dialect(
        undefined=Null, optimized=False, autoescape=False, keep_trailing_newline=True, cache_size=0
    )
    made.globals.clear()
    made.tests.clear()
    made.filters.clear()
    internal: dict[str, Callable[..., object]] = {
        "item": _item,
        "cut": operators.cut,
        "chain": operators.chained,
        "concat": operators.joined,
        "negative": operators.negative,
        "positive": operators.positive,
        "text": text_of,
        "shown": _shown,
        "each": _counting,
        "loop": _loop,
        "cycle": _cycle,
        "literal": _literal,
        "key": _text_key,
        "method": registry.method,
        "function": _function,
        **operators.ARITHMETIC,
        **operators.COMPARISONS,
    }
    made.filters.update({f"op:{name}": _paying(work) for name, work in internal.items()})
    made.filters.update({f"filter:{n}": _paying(work) for n, work in registry.FILTERS.items()})
    made.filters.update({f"test:{name}": _paying(work) for name, work in PREDICATES.items()})
    made.filters.update({"op:member": _member, "op:eq": _equal})
    return made


DIALECT = _build()
