"""Where calls reach is read from their arguments, however they are written."""

import pytest

from kapell.core.policies.asking.documents import AllowPart
from kapell.core.policies.asking.reach import data_of, reach_of
from kapell.core.tools.paths import PATH_MARK
from kapell.kit.json import Json

LISTS = AllowPart(domains=("*.example.com",), recipients=("*@example.com",))


@pytest.mark.parametrize(
    ("args", "domains"),
    [
        ({"url": "https://API.Example.com:8443/x?y=1"}, ("api.example.com",)),
        ({"url": "https://user:secret@evil.test/"}, ("evil.test",)),
        ({"url": "https://api.example.com\\@evil.test/"}, ("(unreadable)",)),
        ({"url": "https://evil.test./"}, ("evil.test",)),
        ({"host": "evil.test:25"}, ("evil.test",)),
        ({"url": "//evil.test/path"}, ("evil.test",)),
        ({"request": [{"href": " https://evil.test "}]}, ("evil.test",)),
        ({"body": "see https://evil.test for more"}, ()),
        ({"url": "https://[::1"}, ("(unreadable)",)),
        ({"url": "https://[2001:db8::1]/"}, ("2001:db8::1",)),
    ],
)
@pytest.mark.requirement("GR-04")
def test_hosts_are_read_as_requests_would_go(args: Json, domains: tuple[str, ...]) -> None:
    assert reach_of(args, LISTS).domains == domains


@pytest.mark.parametrize(
    ("args", "recipients"),
    [
        ({"to": "Anna <Anna@Example.com>, ben@evil.test"}, ("anna@example.com", "ben@evil.test")),
        ({"to": ["anna@example.com"], "bcc": "ben@evil.test;"}, None),
        ({"url": "mailto:ben@evil.test?subject=x"}, ("ben@evil.test",)),
        ({"subject": "for anna@example.com"}, ()),
    ],
)
@pytest.mark.requirement("GR-04")
def test_recipients_are_read_from_every_way_to_write_them(
    args: Json, recipients: tuple[str, ...] | None
) -> None:
    expected = ("anna@example.com", "ben@evil.test") if recipients is None else recipients
    assert reach_of(args, LISTS).recipients == expected


def test_what_no_list_names_is_told_apart() -> None:
    args = {"url": ["https://a.example.com", "https://example.com.evil.test"], "to": "x@evil.test"}
    reach = reach_of(args, LISTS)
    assert reach.unlisted_domains == ("example.com.evil.test",)
    assert reach.unlisted_recipients == ("x@evil.test",)


def test_without_a_list_of_recipients_their_domains_count() -> None:
    reach = reach_of(
        {"to": "x@mail.example.com, y@evil.test"}, AllowPart(domains=("*.example.com",))
    )
    assert reach.unlisted_recipients == ("y@evil.test",)


def test_data_is_what_the_schema_marks_as_paths_and_what_is_named_as_tables() -> None:
    schema: Json = {"type": "object", "properties": {"file": {"type": "string", PATH_MARK: True}}}
    data = data_of(schema, {"file": "notes/a.txt", "table": "salaries", "text": "b.txt"})
    assert (data.paths, data.tables) == (("notes/a.txt",), ("salaries",))


GOOD = AllowPart(domains=("good.com",), recipients=("*@good.com",))


@pytest.mark.parametrize(
    "args",
    [
        {"to": "<a@good.com> evil@bad.com"},
        {"to": "evil@bad.com <a@good.com>"},
        {"to": "evil@bad.com x@good.com"},
        {"to": "evil@bad.com@good.com"},
        {"to": "evil @ bad.com, a@good.com"},
        {"to": {"evil@bad.com": "Evil"}},
        {"to_addresses": ["evil@bad.com"]},
        {"toAddresses": ["evil@bad.com"]},
        {"To ": "evil@bad.com"},
        {"channel_email": "evil@bad.com"},
        {"address": "Evil <evil@bad.com>"},
        {"endpoint": "evil@bad.com"},
        {"text": "evil@bad.com, a@good.com"},
        {"link": "mailto:a@good.com?bcc=evil%40bad.com"},
        {"to": "evil%bad.com@good.com"},
        {"to": "bad.com!evil@good.com"},
        {"to": "Anna <EVIL\uff05bad.com@good.com>"},
        {"to": '"evil%bad.com"@good.com'},
        {"to": '"evil bad"@good.com'},
        {"to": "evil%bad.com(a)@good.com"},
        {"to": "@good.com"},
        {"address": '"evil%bad.com"@good.com'},
        {"address": "'evil%bad.com'@good.com"},
        {"link": "mailto:evil%2525bad.com@good.com"},
    ],
)
@pytest.mark.requirement("GR-04")
def test_no_way_to_write_a_recipient_walks_around_the_list(args: Json) -> None:
    for allow in (GOOD, AllowPart(domains=("good.com",))):
        assert reach_of(args, allow).unlisted_recipients


@pytest.mark.parametrize(
    "args",
    [
        {"url": "http://good.com\\@evil.com/"},
        {"url": "http://good.com @evil.com/"},
        {"url": "http://good.com\t.evil.com/"},
        {"url": "http:\\\\evil.com/"},
        {"url": "http:evil.com"},
        {"url": "https:///evil.com"},
        {"url": "https://evil.com/" + "x" * 9000},
        {"anything": "https://evil.com/a b"},
        {"peer": "evil.com"},
        {"peer": "evil.com:25"},
        {"peer": "203.0.113.9"},
        {"endpoint": "internal"},
        {"webhookUrl": "evil.com/x"},
    ],
)
@pytest.mark.requirement("GR-04")
def test_no_way_to_write_a_host_walks_around_the_list(args: Json) -> None:
    assert reach_of(args, GOOD).unlisted_domains


@pytest.mark.requirement("GR-04")
@pytest.mark.parametrize("to", ["evil%bad.com@good.com", '"evil@bad.com"@good.com', "a@b@good.com"])
def test_rules_do_not_take_a_routed_recipient_for_one_of_their_own(to: str) -> None:
    reach = reach_of({"to": [to]}, AllowPart(recipients=("*", "*@*")))
    assert reach.recipients == ("(unreadable)",)
    assert reach.unlisted_recipients == ("(unreadable)",)


@pytest.mark.parametrize(
    "args",
    [
        {"to": "Anna <a@good.com>, b@good.com", "text": "write to evil@bad.com"},
        {"body": "From: evil@bad.com\n> see https://evil.com", "to": ["a@good.com"]},
        {"message_html": "<a href='https://evil.com'>evil@bad.com</a>"},
        {"subject": "Re: evil@bad.com", "attachments": ["cards.txt", "readme.md"]},
        {"url": "https://user@good.com/a\\b?mail=x@bad.com"},
        {"version": "1.2.3", "price": "12.50", "report": "q3.pdf", "handle": "@someone"},
        {"to": "o.brien+x@good.com", "handle": '"@someone"', "discount": "10% off"},
        {"when": "10:30", "note": "https: see the page"},
    ],
)
def test_what_only_mentions_an_address_reaches_nobody(args: Json) -> None:
    reach = reach_of(args, GOOD)
    assert (reach.unlisted_domains, reach.unlisted_recipients) == ((), ())
