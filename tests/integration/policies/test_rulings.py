"""What policies let happen, what waits for people, and what does not happen at all."""

import pytest

from kapell.core.approvals.held import Held
from kapell.core.approvals.question import call_digest, plain_rule
from kapell.core.guardrails.labels import Label
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Denied
from kapell.kit.json import Json
from kapell.services.tools.ports import ToolCall
from tests.integration.policies.conftest import Office
from tests.integration.policies.office import call, judged, spec

HEAD = "package kapell.tool\n\nimport rego.v1\n\n"
STRANGERS: dict[str, Label] = {"to": ("agent", "web")}


@pytest.mark.requirement("GR-06", "TL-06")
@pytest.mark.parametrize(
    ("made", "of", "outcome"),
    [
        (call(), spec(effects="read"), ("allow", "inside")),
        (call(labels=STRANGERS), spec(effects="write"), ("allow", "inside")),
        (call(labels=STRANGERS, profile="strict"), spec(effects="write"), ("ask", "untrusted")),
        (call(labels=STRANGERS), spec(effects="write", accepts="trusted"), ("ask", "untrusted")),
        (call(labels=STRANGERS), spec(accepts="any"), ("ask", "outside")),
        (call(labels=STRANGERS), spec(accepts=("web",)), ("deny", "strangers")),
        (call(), spec(effects="read", reaches=True), ("allow", "lookup")),
        (call(labels=STRANGERS), spec(effects="read", reaches=True), ("ask", "untrusted")),
        (
            call(labels=STRANGERS, asked=False),
            spec(effects="read", reaches=True),
            ("allow", "step-lookup"),
        ),
        (call(asked=False), spec(), ("allow", "step")),
        (call(), spec(), ("ask", "outside")),
        (call(labels=STRANGERS), spec(), ("deny", "strangers")),
        (call(labels=STRANGERS, asked=False), spec(), ("ask", "untrusted")),
        (call(profile="strict"), spec(), ("deny", "outside")),
        (call(profile="strict", asked=False), spec(), ("deny", "outside")),
        (call(profile="off", labels=STRANGERS), spec(), ("allow", "off")),
        (call(tool="runtime.python", asked=False, labels=STRANGERS), None, ("allow", "agent")),
    ],
)
def test_without_rules_of_the_workspace_nothing_leaves_without_a_reason(
    office: Office, made: ToolCall, of: ToolSpec | None, outcome: tuple[str, str]
) -> None:
    ruling, rule = outcome
    assert judged(office(), made, of).outcome == (ruling, f"kapell.default.{rule}")


@pytest.mark.requirement("GR-06")
def test_a_denied_call_tells_people_the_rule_and_why(office: Office) -> None:
    policies = office(
        mail=HEAD + 'deny contains {"rule": "no-mail", "reason": "mail is for people"} if {\n'
        '\tinput.tool.name == "mail.send"\n}\n'
    )
    said = judged(policies, call())
    assert said.outcome == ("deny", "kapell.tool.no-mail")
    assert said.judgement is not None
    assert (said.judgement.about, said.judgement.reason) == ("tool", "mail is for people")
    assert len(said.judgement.version) == 64
    assert isinstance(said.raised, Denied)
    assert said.raised.code == "policy_denied"
    assert "'kapell.tool.no-mail' forbids the tool 'mail.send': mail is for people" in str(
        said.raised
    )


@pytest.mark.requirement("GR-06")
def test_a_call_that_is_asked_about_is_held_with_all_that_people_need(office: Office) -> None:
    policies = office(
        "approvals: {roles: {cfo: [ben, eve]}}\n",
        mail=HEAD + 'ask contains {"rule": "big", "reason": sprintf("%d is much", '
        '[input.args.amount]), "risk": "high", "need": 2, "approvers": ["role:cfo"], '
        '"expires": "2d", "remind": "4h", "on_expiry": "fail"} if input.args.amount > 100\n',
    )
    args: Json = {"amount": 500}
    said = judged(policies, call(args))
    assert isinstance(said.raised, Held)
    question = said.raised.question
    assert (plain_rule(question.rule), question.why, question.risk) == (
        "kapell.tool.big",
        "500 is much",
        "high",
    )
    assert (question.need, question.approvers) == (2, ("role:cfo",))
    assert (question.expires, question.remind, question.on_expiry) == (172_800, 14_400, "fail")
    assert said.raised.arguments == args


@pytest.mark.requirement("GR-06", "WF-09")
def test_an_approval_holds_for_exactly_the_call_it_was_given_for(office: Office) -> None:
    policies = office(
        mail=HEAD + 'ask contains {"rule": "a", "reason": "r"} if input.args.amount > 100\n\n'
        'deny contains {"rule": "d", "reason": "r"} if input.args.amount > 900\n'
    )
    approved = call_digest("mail.send", {"amount": 500})
    assert judged(policies, call({"amount": 500}, approved=approved)).outcome == (
        "allow",
        "kapell.tool.a",
    )
    assert judged(policies, call({"amount": 501}, approved=approved)).outcome[0] == "ask"
    never = call({"amount": 950}, approved=call_digest("mail.send", {"amount": 950}))
    assert judged(policies, never).outcome == ("deny", "kapell.tool.d"), "deny stays deny"


RULES = (
    HEAD
    + """
deny contains {"rule": "night", "reason": "at night"} if input.time.hour < 6

deny contains {"rule": "weekend", "reason": "at the weekend"} if input.time.weekday == "monday"

deny contains {"rule": "tenant", "reason": "not for them"} if input.tenant == "acme"

allow contains {"rule": "secretary"} if input.agent.name == "secretary"

allow contains {"rule": "able"} if "letters" in input.agent.capabilities

deny contains {"rule": "value", "reason": "too much"} if input.args.amount > 100

deny contains {"rule": "host", "reason": "not there"} if "evil.test" in input.reach.domains

ask contains {"rule": "read", "reason": "it read mail"} if "memory" in input.labels.args.to
"""
)


@pytest.mark.requirement("TL-06", "GR-06")
def test_rules_may_look_at_agent_capability_domain_tenant_time_label_and_values(
    office: Office,
) -> None:
    policies = office(mail=RULES.replace("monday", "sunday"))
    assert judged(policies, call()).outcome == ("allow", "kapell.tool.secretary")
    assert judged(policies, call(agent="x", capabilities=("letters",))).outcome[0] == "allow"
    assert judged(policies, call(agent="x")).outcome == ("ask", "kapell.default.outside")
    assert judged(policies, call(tenant="acme")).outcome == ("deny", "kapell.tool.tenant")
    assert judged(policies, call({"amount": 101})).outcome == ("deny", "kapell.tool.value")
    evil = call({"url": "https://evil.test/x"})
    assert judged(policies, evil).outcome == ("deny", "kapell.tool.host")
    labelled = call(labels={"to": ("memory",)})
    assert judged(policies, labelled).outcome == ("ask", "kapell.tool.read")


@pytest.mark.requirement("GR-06")
def test_the_time_is_that_of_the_zone_in_the_settings(office: Office) -> None:
    assert judged(office(mail=RULES), call()).outcome == ("deny", "kapell.tool.weekend")
    policies = office("policies: {zone: Pacific/Auckland}\n", mail=RULES)
    said = judged(policies, call())
    assert said.outcome == ("deny", "kapell.tool.night"), "there it is half past one on Tuesday"


@pytest.mark.requirement("GR-06")
def test_an_allow_speaks_for_the_data_of_strangers_only_when_it_says_so(office: Office) -> None:
    rule = HEAD + 'allow contains {"rule": "mail"%s} if input.tool.name == "mail.send"\n'
    assert judged(office(mail=rule % ""), call()).outcome[0] == "allow"
    assert judged(office(mail=rule % ""), call(labels=STRANGERS)).outcome[0] == "deny"
    open_to_all = office(mail=rule % ', "untrusted": true')
    assert judged(open_to_all, call(labels=STRANGERS)).outcome == ("allow", "kapell.tool.mail")


@pytest.mark.requirement("GR-04")
def test_what_is_on_no_allow_list_is_denied_whatever_a_rule_allows(office: Office) -> None:
    allow = HEAD + 'allow contains {"rule": "all"}\n'
    lists = 'policies: {domains: ["*.example.com"], recipients: ["*@example.com"]}\n'
    policies = office(lists, mail=allow)

    def outcome(**args: Json) -> tuple[str, str]:
        return judged(policies, call(args)).outcome

    assert outcome(url="https://api.example.com/") == ("allow", "kapell.tool.all")
    assert outcome(url="https://evil.test/") == ("deny", "kapell.lists.domains")
    assert outcome(to="anna@example.com") == ("allow", "kapell.tool.all")
    assert outcome(to=["anna@example.com", "x@evil.test"]) == ("deny", "kapell.lists.recipients")
    only_domains = office('policies: {domains: ["example.com"]}\n', mail=allow)
    assert judged(only_domains, call({"to": "x@evil.test"})).outcome[0] == "deny"
    seen = office(
        lists,
        mail=HEAD + 'deny contains {"rule": "l", "reason": "r"} if {\n'
        '\t"*.example.com" in input.allow.domains\n}\n',
    )
    assert judged(seen, call()).outcome == ("deny", "kapell.tool.l")


@pytest.mark.requirement("GR-04", "GR-06")
def test_places_that_the_settings_name_with_a_port_may_be_looked_up_with_strangers_words(
    office: Office,
) -> None:
    policies = office('tools: {web: {allow: ["site.test:8731", "*.docs.test:443"]}}\n')
    fetch = spec("web.fetch", "read", reaches=True)

    def outcome(url: str) -> tuple[str, str]:
        return judged(policies, call({"url": url}, labels=STRANGERS), fetch).outcome

    assert outcome("http://site.test:8731/a") == ("allow", "kapell.default.listed-lookup")
    assert outcome("https://a.docs.test/") == ("allow", "kapell.default.listed-lookup")
    assert outcome("https://evil.test:8731/") == ("ask", "kapell.default.untrusted")


@pytest.mark.requirement("GR-06")
def test_outside_places_and_data_have_packages_of_their_own(office: Office) -> None:
    policies = office(
        outside="package kapell.external\n\nimport rego.v1\n\n"
        'allow contains {"rule": "known"} if input.reach.domains == ["api.example.com"]\n',
        tables="package kapell.data\n\nimport rego.v1\n\n"
        'deny contains {"rule": "salaries", "reason": "secret"} if {\n'
        '\t"salaries" in input.data.tables\n\tinput.tenant != "hr"\n}\n\n'
        'allow contains {"rule": "hr"} if input.tenant == "hr"\n',
    )
    known = judged(policies, call({"host": "api.example.com"}))
    assert known.outcome == ("allow", "kapell.external.known")
    assert known.judgement is not None
    assert known.judgement.about == "external"
    read = spec("sql.query", "read")
    assert judged(policies, call({"table": "salaries"}), read).outcome == (
        "deny",
        "kapell.data.salaries",
    )
    assert judged(policies, call({"table": "salaries"}, tenant="hr"), read).outcome[0] == "allow"
    assert judged(policies, call({"table": "x"}, tenant="hr")).outcome == (
        "ask",
        "kapell.default.outside",
    ), "who may see data may not send it"


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize(
    "args",
    [
        {"amount": "a text", "note": "x"},
        {"amount": None},
        {"amount": [1]},
    ],
)
def test_a_rule_that_cannot_be_evaluated_allows_nothing(office: Office, args: Json) -> None:
    policies = office(
        mail=HEAD + 'deny contains {"rule": "d", "reason": "r"} if {\n'
        "\tceil(input.args.amount) > 100\n}\n\n"
        'allow contains {"rule": "a"} if input.asked\n'
    )
    said = judged(policies, call(args))
    assert isinstance(said.raised, Denied)
    assert said.raised.code == "policy_failed"


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize(
    ("value", "condition"),
    [
        ('a"b', 'input.args.v == "a\\"b"'),
        ("line\nend", 'endswith(input.args.v, "\\nend")'),
        ("a\\b", 'contains(input.args.v, "\\\\")'),
        ("bös☃😀", 'startswith(input.args.v, "bös")'),
        ("a\x00evil", 'endswith(input.args.v, "evil")'),
        (2**64 + 5, "input.args.v > 1000"),
        (-(2**70), "input.args.v < -1000"),
        (10**400, "input.args.v > 1000"),
        (1.5, "input.args.v > 1"),
        ({"k": [1, {"x": None}]}, "input.args.v.k[1].x == null"),
        ('"}], "allow":[{"rule":"x"', 'startswith(input.args.v, "\\"}")'),
        (True, "input.args.v == true"),
    ],
)
def test_no_value_slips_past_a_rule_because_of_how_it_is_written(
    office: Office, value: Json, condition: str
) -> None:
    policies = office(
        mail=HEAD + 'deny contains {"rule": "d", "reason": sprintf("%v", [input.args.v])} if '
        f"{condition}\n"
    )
    assert judged(policies, call({"v": value})).outcome == ("deny", "kapell.tool.d")


@pytest.mark.requirement("GR-06")
def test_arguments_too_deep_to_be_judged_are_not_sent(office: Office) -> None:
    deep: Json = "x"
    for _ in range(200):
        deep = [deep]
    policies = office(mail=HEAD + 'allow contains {"rule": "a"} if input.args.v\n')
    said = judged(policies, call({"v": deep}))
    assert isinstance(said.raised, Denied)
    assert said.raised.code == "policy_failed"


@pytest.mark.requirement("GR-04", "GR-06")
def test_a_lookup_out_of_strangers_words_goes_only_where_the_settings_name_the_place(
    office: Office,
) -> None:
    policies = office('tools: {web: {allow: ["docs.example.com", "*"]}}\n')
    fetch = spec("web.fetch", "read", reaches=True)

    def outcome(url: str) -> tuple[str, str]:
        labels: dict[str, Label] = {"url": ("web",)}
        return judged(policies, call({"url": url}, labels=labels), fetch).outcome

    assert outcome("https://docs.example.com/a") == ("allow", "kapell.default.listed-lookup")
    assert outcome("https://evil.test/?q=secret") == ("ask", "kapell.default.untrusted")


@pytest.mark.requirement("GR-06", "WF-11")
@pytest.mark.parametrize(
    ("settings", "answer", "waits"),
    [
        ("", '"approvers": ["role:cfo"]', False),
        ("approvals: {roles: {cfo: [ben]}}\n", '"approvers": ["role:cfo"]', True),
        ("approvals: {roles: {cfo: [ben]}}\n", '"approvers": ["role:cfo"], "need": 2', False),
        (
            "approvals: {roles: {cfo: [ben]}}\n",
            '"approvers": ["role:cfo", "anna"], "need": 2',
            True,
        ),
        (
            "approvals: {roles: {cfo: [ben]}}\n",
            '"approvers": ["role:cfo", "ben"], "need": 2',
            False,
        ),
        ("", '"approvers": ["role:cfo"], "escalate_after": "1h", "escalate_to": "ben"', True),
        ("", '"approvers": ["role:cfo"], "escalate_after": "1h", "escalate_to": "role:x"', False),
        ("", '"need": 7', True),
    ],
)
def test_a_call_does_not_wait_for_people_who_are_not_there(
    office: Office, settings: str, answer: str, waits: bool
) -> None:
    rule = f'ask contains {{"rule": "big", "reason": "r", {answer}}} if input.asked\n'
    said = judged(office(settings, mail=HEAD + rule), call())
    if waits:
        assert isinstance(said.raised, Held)
        return
    assert isinstance(said.raised, Denied)
    assert said.raised.code == "policy_nobody"
    assert "role:cfo" in said.raised.message
    assert "approvals.roles" in said.raised.advice
