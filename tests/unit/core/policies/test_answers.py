"""Of several rules that fire, the gravest decides."""

import pytest

from kapell.core.policies.answers import Answer, Fired, deciding, fired_in, unasked
from kapell.kit.errors import Invalid
from kapell.kit.json import Json


def fired(**rules: Json) -> list[Fired]:
    return fired_in("kapell.tool", rules)


DENY = [{"rule": "d", "reason": "no"}]
ASK = [{"rule": "a", "reason": "who knows"}, {"rule": "b", "reason": "grave", "risk": "high"}]
ALLOW = [{"rule": "y"}]


@pytest.mark.requirement("GR-06")
def test_deny_goes_over_ask_and_ask_over_allow() -> None:
    def name(found: list[Fired], *, untrusted: bool = False) -> str | None:
        one = deciding(found, untrusted=untrusted)
        return None if one is None else one.name

    assert name(fired(deny=DENY, ask=ASK, allow=ALLOW)) == "kapell.tool.d"
    assert name(fired(ask=ASK, allow=ALLOW)) == "kapell.tool.b", "the gravest of those that ask"
    assert name(fired(allow=ALLOW)) == "kapell.tool.y"
    assert name(fired()) is None
    assert name(fired(allow=ALLOW), untrusted=True) is None, "it does not speak for strangers' data"
    assert name(fired(allow=[{"rule": "y", "untrusted": True}]), untrusted=True) == "kapell.tool.y"


@pytest.mark.requirement("GR-06", "GR-10")
@pytest.mark.parametrize(
    ("other", "asked"),
    [
        ({"approvers": ["user:boss"]}, True),
        ({"approvers": ["user:ann", "user:ben"], "need": 3}, True),
        ({"approvers": ["user:ann", "user:ben"]}, False),
        ({}, False),
        ({"need": 3}, True),
    ],
)
def test_a_rule_that_names_people_is_asked_of_them(other: dict[str, Json], asked: bool) -> None:
    grave: Json = {"rule": "a", "risk": "high", "approvers": ["user:ann", "user:ben"], "need": 2}
    found = fired(ask=[grave, {"rule": "b", **other}])
    (decided, second) = found
    assert unasked(found, decided, lambda _: False) is decided
    left = unasked(found, decided, lambda one: one.name.endswith(".a"))
    assert left is (second if asked else None)
    assert unasked(found, decided, lambda _: True) is None


def test_who_anybody_is_does_not_stand_for_those_who_are_named() -> None:
    found = fired(ask=[{"rule": "a", "risk": "high"}, {"rule": "b", "approvers": ["user:boss"]}])
    assert unasked(found, found[0], lambda one: one.name.endswith(".a")) is found[1]


@pytest.mark.parametrize(
    "given",
    [
        "deny",
        [1],
        [{}],
        [{"rule": ""}],
        [{"rule": "a", "ned": 2}],
        [{"rule": "a", "need": 0}],
        [{"rule": "a", "expires": "soon"}],
        {"1": True},
        True,
    ],
)
def test_what_is_no_answer_is_refused(given: Json) -> None:
    with pytest.raises(Invalid) as refused:
        fired(ask=given)
    assert refused.value.code == "policy_answer"


def test_an_answer_that_asks_says_of_whom_and_how_long() -> None:
    said: Json = {"rule": "a", "reason": "r", "need": 2, "approvers": ["role:x"], "expires": "2d"}
    (one,) = fired(ask=[said])
    assert one.answer == Answer(rule="a", reason="r", need=2, approvers=("role:x",), expires="2d")
