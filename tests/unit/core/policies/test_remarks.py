"""What may be meant and is odd all the same is a warning."""

import pytest

from kapell import library
from kapell.core.policies.remarks import remarks

HEAD = "package kapell.tool\n\nimport rego.v1\n\n"
TOOLS = ("mail.send", "file.read", "notify")


def warned(body: str) -> list[str]:
    """Return the warnings of a module as people read them."""
    return [str(one) for one in remarks({"policies/a.rego": HEAD + body}, TOOLS)]


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            'deny contains {"rule": "x", "reason": "y"} if input.tool.name == "mail.sent"\n',
            'There is no tool "mail.sent" here. [policy_tool] Did you mean `mail.send`?',
        ),
        (
            'allow contains {"rule": "x"} if {\n    every to in input.reach.recipients {\n'
            '        endswith(to, "@a.test")\n    }\n}\n',
            "`every` also holds for a call that names no recipient.",
        ),
        (
            'allow contains {"rule": "x"} if {\n    some to in input.reach.recipients\n'
            '    endswith(to, "@a.test")\n}\n',
            "`some` lets a call through as soon as one recipient fits",
        ),
    ],
)
def test_what_is_odd_is_told(body: str, said: str) -> None:
    (one,) = warned(body)
    assert said in one


@pytest.mark.requirement("GR-06")
def test_what_is_meant_is_not_told() -> None:
    assert not warned(
        'deny contains {"rule": "x", "reason": "y"} if input.tool.name == "crm.update"\n\n'
        'deny contains {"rule": "z", "reason": "y"} if {\n    some to in input.reach.recipients\n'
        '    not endswith(to, "@a.test")\n}\n\n'
        'allow contains {"rule": "x"} if {\n    input.tool.name == "mail.send"\n'
        "    count(input.reach.recipients) > 0\n    every to in input.reach.recipients {\n"
        '        endswith(to, "@a.test")\n    }\n}\n'
    )
    assert not remarks(library.ready_policies(), TOOLS)


ASK = """ask contains {
    "rule": "x", "reason": "y", "approvers": ["role:offic", "user:anna"],
    "escalate_after": "1h", "escalate_to": "role:boss",
} if input.tool.name == "mail.send"
"""


@pytest.mark.requirement("GR-06", "WF-09")
def test_roles_that_nobody_has_are_told_where_roles_are_known() -> None:
    sources = {"policies/a.rego": HEAD + ASK}
    roles = {"office": ["ben"], "boss": []}
    first, second = remarks(sources, TOOLS, roles)
    assert (first.code, first.message) == ("role_nobody", "Nobody has the role `offic`.")
    assert first.advice == "Did you mean `office`?"
    assert second.message == "Nobody has the role `boss`."
    assert not remarks(sources, TOOLS, {"offic": ["ben"], "boss": ["eve"]})
    assert not remarks(sources, TOOLS, None)
    (told, _) = remarks(sources, TOOLS, {})
    assert "`approvals: {roles: {offic: [NAME]}}`" in told.advice
