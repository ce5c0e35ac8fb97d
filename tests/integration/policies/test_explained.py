"""What is explained of a call is what the gate says to it, whatever the call."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kapell.bootstrap.guarding.policies import make_policies
from kapell.core.guardrails.labels import Label
from kapell.kit.json import Json
from kapell.services.policies.policies import Policies
from kapell.services.policies.supposing import ruled, supposed
from kapell.settings.loading import load_settings
from tests.integration.policies.office import Noon, asked, call, spec

RULES = """\
package kapell.tool

import rego.v1

deny contains {"rule": "night", "reason": "r"} if {
    input.agent.name == "poet"
    not "letters" in input.agent.capabilities
}

deny contains {"rule": "tenant", "reason": "r"} if input.tenant == "other"

ask contains {"rule": "abroad", "reason": "r", "risk": "high"} if {
    some to in input.reach.recipients
    not endswith(to, "@example.com")
}

ask contains {"rule": "much", "reason": "r"} if input.args.amount > 100

allow contains {"rule": "mail"} if input.tool.name == "mail.send"

allow contains {"rule": "web", "untrusted": true} if {
    input.labels.args.body == ["web"]
    input.subject == "user:anna"
    input.run.workflow == "letters"
}
"""
_ORIGINS: tuple[Label, ...] = ((), ("author",), ("web",), ("agent", "web"), ("user",))
_ARGS = some.dictionaries(
    some.sampled_from(("to", "amount", "body", "url", "path")),
    some.one_of(
        some.integers(-5, 500),
        some.sampled_from(("anna@example.com", "x@evil.test", "https://evil.test/a", "a/b.txt")),
        some.lists(some.sampled_from(("ben@example.com", "y@evil.test")), max_size=2),
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Policies:
    """Return the policies of one workspace, for all the calls."""
    folder: Path = tmp_path_factory.mktemp("office")
    (folder / "policies").mkdir()
    (folder / "policies" / "tools.rego").write_text(RULES, "utf-8")
    (folder / "kapell.yaml").write_text("policies: {recipients: ['*@example.com']}\n", "utf-8")
    return make_policies(folder, load_settings(folder), Noon())


@pytest.mark.requirement("GR-06")
@settings(max_examples=60, deadline=None)
@given(
    args=_ARGS,
    labels=some.dictionaries(some.sampled_from(("to", "body")), some.sampled_from(_ORIGINS)),
    tool=some.sampled_from(("mail.send", "notes.add", "web.fetch")),
    agent=some.sampled_from(("", "poet", "secretary")),
    capabilities=some.sampled_from(((), ("letters",))),
    tenant=some.sampled_from(("local", "other")),
    profile=some.sampled_from(("", "default", "strict", "off")),
    by_model=some.booleans(),
    reaches=some.booleans(),
    external=some.booleans(),
)
def test_what_is_explained_of_a_call_is_what_the_gate_says(
    policies: Policies,
    args: dict[str, Json],
    labels: Mapping[str, Label],
    tool: str,
    agent: str,
    capabilities: tuple[str, ...],
    tenant: str,
    profile: str,
    by_model: bool,
    reaches: bool,
    external: bool,
) -> None:
    of = spec(tool, "external" if external else "read", reaches=reaches)
    made = call(
        args,
        tool=tool,
        agent=agent,
        asked=by_model,
        labels=labels,
        tenant=tenant,
        profile=profile,
        capabilities=capabilities,
    )
    described: dict[str, Json] = {
        "args": args,
        "asked": by_model,
        "labels": {"args": {name: list(label) for name, label in labels.items()}},
        "tenant": tenant,
        "subject": "user:anna",
        "run": {"id": "r1", "workflow": "letters", "path": "write"},
        "agent": {"name": agent, "capabilities": list(capabilities)},
        "profile": profile or "default",
    }

    async def both() -> None:
        said = await asked(policies, made, of)
        document = supposed("tool", described, of, policies.terms, policies.now())
        explained = (await ruled(policies, document)).judgement
        if said.judgement is not None:
            assert said.judgement == explained
        else:
            assert explained.ruling == "deny"

    asyncio.run(both())
