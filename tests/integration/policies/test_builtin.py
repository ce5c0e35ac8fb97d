"""The built-in rules are answered without Rego, and exactly as the Rego answers them."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Literal, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapell.adapters.policies.rego.compiler import RegoCompiler
from kapell.adapters.policies.rego.compiling import compiled
from kapell.adapters.policies.rego.judge import RegoJudge
from kapell.bootstrap.guarding.policies import built_in, make_policies
from kapell.core.approvals.held import Held
from kapell.core.guardrails.labels import Label
from kapell.core.guardrails.standing import ProfileName
from kapell.core.policies.answers import fired_in
from kapell.core.policies.asking.documents import (
    AllowPart,
    ApprovalDocument,
    Asked,
    BudgetDocument,
    LabelPart,
    ModelDocument,
    ReachPart,
    ToolDocument,
    ToolPart,
)
from kapell.core.policies.builtin import OWN, READ, TEXTS, answered, digest_of, is_known
from kapell.core.policies.kinds import DEFAULT, LISTS
from kapell.core.policies.linting.reading import used_by
from kapell.core.policies.notes import Fact
from kapell.kit.errors import Denied
from kapell.services.policies.describing import tool_document
from kapell.services.policies.gates import PolicyToolGate
from kapell.settings.loading import load_settings
from tests.integration.policies.office import Noon, call, spec

PROFILES = get_args(ProfileName)
REACHES = (
    ReachPart(),
    ReachPart(domains=("docs.example.com",)),
    ReachPart(domains=("evil.test",), unlisted_domains=("evil.test",)),
)
NO = """\
package kapell.tool

import rego.v1

deny contains {"rule": "no", "reason": "r"} if input.tool.name == "no"
"""
USED = {
    "profile": None,
    "kind": None,
    "tool": {"name": None, "effects": None, "reaches": None, "accepts": None},
    "asked": None,
    "labels": {"accepted": None},
    "reach": {"domains": None, "unlisted_domains": None, "unlisted_recipients": None},
    "allow": {"domains": None, "recipients": None},
}
"""What the Rego reads: all of it is varied below."""


@pytest.fixture(scope="module")
def rego() -> RegoJudge:
    """Return who judges the Rego itself; it is given plain values, which nothing else answers."""
    return compiled(built_in())


def test_the_texts_are_the_ones_that_are_answered_without_rego() -> None:
    texts = {path: digest_of(text) for path, text in built_in().items()}
    assert texts == TEXTS, "say the same in core/policies/builtin.py, then name the new digests"
    assert used_by(built_in()) == USED
    assert frozenset(USED) == READ


def tools() -> Iterator[ToolDocument]:
    """Yield every call that the built-in rules can tell from another."""
    effects: tuple[Literal["read", "write", "external"], ...] = ("read", "write", "external")
    accepts: tuple[Literal["", "trusted", "some", "any"], ...] = ("", "trusted", "some", "any")
    names = ("mail.send", "runtime.python", "runtime.tmux", "runtime.pythonx")
    twice = (False, True)
    for profile, name, effect, reaches, accept, asked, accepted, reach in product(
        PROFILES, names, effects, twice, accepts, twice, twice, REACHES
    ):
        yield ToolDocument(
            profile=profile,
            tool=ToolPart(name=name, effects=effect, reaches=reaches, accepts=accept),
            asked=asked,
            labels=LabelPart(accepted=accepted),
            reach=reach,
        )


async def same(rego: RegoJudge, document: Asked, package: str) -> tuple[str, ...]:
    """Return the rules that fire, which are the same ones either way."""
    plain = {**msgspec.to_builtins(document), "kind": getattr(document, "kind", "")}
    by_rego = (await rego.evaluate([package], plain))[package]
    by_code = answered([package], document)[package]
    assert by_code == by_rego, document
    fired = fired_in(package, by_code)
    assert fired == fired_in(package, by_rego)
    return tuple(f"{one.ruling} {one.name.rpartition('.')[2]}" for one in fired)


@pytest.mark.requirement("GR-06", "TL-05")
async def test_every_call_has_the_verdict_that_the_rego_gives(rego: RegoJudge) -> None:
    found = {await same(rego, document, DEFAULT) for document in tools()}
    assert found == {
        ("allow off",),
        ("allow inside",),
        ("allow agent",),
        ("allow step",),
        ("allow lookup",),
        ("allow listed-lookup",),
        ("allow step-lookup",),
        ("deny strangers",),
        ("deny outside",),
        ("ask untrusted",),
        ("ask outside",),
    }


@pytest.mark.requirement("GR-06", "TL-05")
async def test_a_call_like_an_earlier_one_has_the_ruling_that_it_would_have_alone(
    tmp_path: Path,
) -> None:
    """One gate is asked about every call twice, in both orders; each time it answers anew."""
    policies = make_policies(tmp_path, load_settings(tmp_path), Noon())
    gate = PolicyToolGate(policies)
    labels: tuple[dict[str, Label], ...] = ({}, {"a": ("user",)}, {"a": ("user", "web")})
    taken: tuple[Literal["trusted", "any"] | Label | None, ...] = (None, "trusted", "any", ("web",))
    effects: tuple[Literal["read", "write", "external"], ...] = ("read", "write", "external")
    every = [
        (
            spec(name, effect, reaches=reaches, accepts=accept),
            call({"url": "https://evil.test"}, tool=name, asked=asked, labels=one, profile=profile),
        )
        for name, effect, reaches, accept, asked, one, profile in product(
            ("a", "runtime.tmux"), effects, (False, True), taken, (False, True), labels, PROFILES
        )
    ]
    rules = set()
    for of, made in (*every, *reversed(every)):
        facts: list[Fact] = []
        with suppress(Denied, Held):
            await gate.before(of, made, facts.append)
        document = tool_document(of, made.args, made.caller, policies.terms, policies.now())
        judgement = (await policies.tool(document)).judgement
        assert facts == [judgement]
        rules.add(judgement.rule)
    assert len(rules) > 8
    await policies.current.close()


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize("kind", [ModelDocument, BudgetDocument, ApprovalDocument])
async def test_every_other_question_has_the_verdict_that_the_rego_gives(
    rego: RegoJudge, kind: type[ModelDocument | BudgetDocument | ApprovalDocument]
) -> None:
    for profile in PROFILES:
        document = kind(profile=profile)
        rule = "off" if profile == "off" else document.kind
        assert await same(rego, document, DEFAULT) == (f"allow {rule}",)
        assert await same(rego, document, LISTS) == ()


_HOSTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=3).map(tuple)


@pytest.mark.requirement("GR-06")
@settings(max_examples=150, deadline=None)
@given(domains=_HOSTS, recipients=_HOSTS, unlisted=_HOSTS, others=_HOSTS)
async def test_the_lists_forbid_what_the_rego_forbids(
    rego: RegoJudge,
    domains: tuple[str, ...],
    recipients: tuple[str, ...],
    unlisted: tuple[str, ...],
    others: tuple[str, ...],
) -> None:
    reach = ReachPart(unlisted_domains=unlisted, unlisted_recipients=others)
    allow = AllowPart(domains=domains, recipients=recipients)
    await same(rego, ToolDocument(reach=reach, allow=allow), LISTS)


async def test_a_built_in_module_that_reads_otherwise_is_judged_itself() -> None:
    path = "library/policies/default.rego"
    sources = {**built_in(), path: built_in()[path].replace('"inside"', '"within"')}
    assert not is_known(sources)
    own = {"policies/a.rego": NO}
    for texts in (sources, {**sources, **own}):
        judge = await RegoCompiler().compile(texts)
        found = (await judge.evaluate([DEFAULT], ToolDocument()))[DEFAULT]
        assert [one.name for one in fired_in(DEFAULT, found)] == ["kapell.default.within"]


@pytest.mark.requirement("GR-06")
async def test_rules_of_a_workspace_may_use_the_built_in_ones() -> None:
    own = """\
package kapell.tool

import rego.v1

deny contains {"rule": "else", "reason": "r"} if data.kapell.default.verdict.rule == "outside"
"""
    judge = await RegoCompiler().compile({**built_in(), "policies/a.rego": own})
    asked: tuple[tuple[ToolPart, list[str]], ...] = (
        (ToolPart(effects="external"), ["kapell.tool.else"]),
        (ToolPart(effects="read"), []),
    )
    for tool, rules in asked:
        document = ToolDocument(tool=tool, asked=True)
        found = (await judge.evaluate(["kapell.tool"], document))["kapell.tool"]
        assert [one.name for one in fired_in("kapell.tool", found)] == rules


def test_every_built_in_package_is_answered() -> None:
    assert set(answered(sorted(OWN), ToolDocument())) == OWN
    assert answered(["kapell.tool"], ToolDocument()) == {}
