"""What is filled in for the author: defaults and precedence of limits, the prompt of an action."""

from collections.abc import Mapping, Sequence

from kapell.core.definitions.limits import BudgetForm, RetryForm
from kapell.core.expressions import compile_template, is_template
from kapell.core.pricing.budget import Budget
from kapell.core.workflows.version import Retry
from kapell.kit.json import Json, encode
from kapell.kit.money import nano

_HELD = "held_parameter"
UNDO_RETRY = Retry(attempts=3)
"""An undo is tried again unless its author says otherwise."""


def budget_of(form: BudgetForm | None) -> Budget | None:
    """Return an authored budget in nano-dollars, tokens and seconds."""
    if form is None:
        return None
    usd = None if form.usd is None else int(nano(form.usd))
    return Budget(usd=usd, tokens=form.tokens, time=form.time)


def merged(near: Budget | None, far: Budget | None) -> Budget | None:
    """Return the nearer budget, with the farther one's ceilings where it sets none."""
    if near is None or far is None:
        return near or far
    return Budget(
        usd=far.usd if near.usd is None else near.usd,
        tokens=far.tokens if near.tokens is None else near.tokens,
        time=far.time if near.time is None else near.time,
    )


def retry_of(form: RetryForm | None, far: Retry) -> Retry:
    """Return an authored retry, with the farther one's values where it sets none."""
    if form is None:
        return far
    return Retry(
        attempts=far.attempts if form.attempts is None else form.attempts,
        backoff=far.backoff if form.backoff is None else form.backoff,
        max=far.max if form.max is None else form.max,
        jitter=far.jitter if form.jitter is None else form.jitter,
        on=far.on if form.on is None else tuple(form.on),
    )


def action_prompt(action: str, params: Mapping[str, Json] | None) -> str:
    """Return the prompt of ``action`` with ``params``: its text, then the parameters as JSON.

    Templates inside the parameters stay templates and are written as JSON when they are worked out.
    """
    return f"{action}\n\nParameters:\n{_json(params)}" if params else action


def _json(value: Json) -> str:
    """Return a template whose text is the canonical JSON of the value."""
    if isinstance(value, Mapping):
        inner = ",".join(f"{_json_text(key)}:{_json(value[key])}" for key in sorted(value))
        # A blank keeps two braces from being read as a template.
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, str) and is_template(value):
        if compile_template(value).lone:
            return f"{{{{ ({_inner(value)}) | tojson }}}}"
        return f"{{% set {_HELD} %}}{value}{{% endset %}}{{{{ {_HELD} | tojson }}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{','.join(_json(item) for item in value)}]"
    return _json_text(value)


def _inner(template: str) -> str:
    """Return what stands between the braces of a lone template, marks for blanks left out."""
    inner = template.strip()[2:-2]
    inner = inner[1:] if inner[:1] in ("-", "+") else inner
    return inner[:-1] if inner[-1:] in ("-", "+") else inner


def _json_text(value: Json) -> str:
    """Return JSON in which no template can begin."""
    text = encode(value).decode()
    for sign in "{%#":
        text = text.replace(f"{{{sign}", f"{{\\u{ord(sign):04x}")
    return text
