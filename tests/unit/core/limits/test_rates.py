"""Rates: who is counted together, whom they hold for, and what is said of it."""

import pytest

from kapell.core.gateway.quotas import Amount, Refused
from kapell.core.limits.addresses import counted
from kapell.core.limits.rates import Asker, Rate, asked, called, refusal

ANNA = Asker(
    tenant="local", user="user:anna", ip="192.0.2.7", conversation="c1", key="key:ab", served=True
)
EACH = [
    Rate(per=per, most=3, every=60.0) for per in ("tenant", "user", "conversation", "key", "ip")
]


@pytest.mark.requirement("GR-05")
def test_a_request_counts_for_everything_that_is_known_of_who_asks() -> None:
    assert [one.scope for one in asked(ANNA, EACH)] == [
        "asked:tenant=local",
        "asked:user=user:anna",
        "asked:conversation=c1",
        "asked:key=key:ab",
        "asked:ip=192.0.2.7",
    ]
    assert [one.scope for one in asked(Asker(user="user:anna", served=True), EACH)] == [
        "asked:user=user:anna"
    ]


def test_the_terminal_of_this_machine_is_counted_only_where_that_is_said() -> None:
    at_home = Asker(tenant="local", user="user:anna")
    everywhere = Rate(per="user", most=1, every=60.0, everywhere=True)
    assert asked(at_home, EACH) == ()
    assert [one.quota.calls for one in asked(at_home, [*EACH, everywhere])] == [1]


def test_a_rate_may_be_for_one_alone() -> None:
    rates = [Rate(per="user", most=1, every=60.0, who="user:ben")]
    assert asked(ANNA, rates) == ()
    assert len(asked(Asker(user="user:ben", served=True), rates)) == 1


def test_tools_are_counted_each_by_itself_or_as_a_pattern_says() -> None:
    rates = [Rate(per="tool", most=5, every=60.0), Rate(per="tool", most=2, every=1, who="web.*")]
    assert [one.scope for one in called("web.fetch", rates)] == [
        "asked:tool=web.fetch",
        "asked:tool=web.*",
    ]
    assert [one.scope for one in called("text.join", rates)] == ["asked:tool=text.join"]
    assert asked(ANNA, rates) == ()


@pytest.mark.requirement("GR-05")
def test_a_refusal_says_whose_limit_it_was_and_when_to_come_back() -> None:
    (want,) = asked(ANNA, [Rate(per="user", most=10, every=60.0)])
    error = refusal(Refused(wanted=want, used=Amount(10), ends_in=42.0))
    assert (error.code, error.kind.value, error.retry_after) == ("rate_limited", "limited", 42.0)
    assert "user 'user:anna'" in error.message
    assert "10 are allowed within 1m00s" in error.message
    assert "Come back in 42.0s" in error.advice


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9%eth0", "2001:db8:1:2::/64"),
        ("", ""),
        ("testclient", ""),
    ],
)
def test_who_has_one_address_of_a_site_has_all_of_them(address: str, name: str) -> None:
    assert counted(address) == name
