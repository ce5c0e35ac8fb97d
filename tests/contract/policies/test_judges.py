"""Whoever judges gives the same answer: the interpreter of this process, and an OPA server."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kapell.adapters.policies.rego.compiler import RegoCompiler
from kapell.bootstrap.guarding.policies import make_policies
from kapell.core.approvals.held import Held
from kapell.core.definitions.problems import DefinitionInvalid
from kapell.core.guardrails.labels import Label
from kapell.kit.errors import Denied
from kapell.services.policies import current
from kapell.services.policies.policies import Policies
from kapell.settings.loading import load_settings
from kapell.testing.opa.server import LoopbackOpa
from tests.integration.policies.office import Noon, asked, call

COMPANY = 'package company\n\nimport rego.v1\n\ninside(to) if endswith(to, "@example.com")\n'
RULES = """\
package kapell.tool

import data.company
import rego.v1

deny contains {"rule": "value", "reason": sprintf("%v is much", [input.args.amount])} if {
    ceil(input.args.amount) > 100
}

ask contains {"rule": "abroad", "reason": "r", "need": 2, "expires": "2d"} if {
    some to in input.reach.recipients
    not company.inside(to)
}

allow contains {"rule": "mail", "untrusted": true} if input.tool.name == "mail.send"
"""
COMPILER = RegoCompiler()
"""What every loopback OPA evaluates with: policies that went well in a trial are tried once."""

STRANGERS: dict[str, Label] = {"to": ("agent", "web")}
CALLS = [
    call(),
    call(tool="other"),
    call(tool="other", labels=STRANGERS),
    call(tool="other", asked=False),
    call({"amount": 500}),
    call({"amount": 5}),
    call({"amount": 2**70}),
    call({"to": 'a"b@evil.test'}),
    call({"to": "anna@example.com"}),
    call({"amount": "much"}),
    call(profile="off", tool="other"),
]


@asynccontextmanager
async def offices(folder: Path, opa: LoopbackOpa) -> AsyncIterator[tuple[Policies, Policies]]:
    """Yield the policies of a workspace, judged here, and judged by a server."""
    (folder / "policies").mkdir()
    (folder / "policies" / "company.rego").write_text(COMPANY, "utf-8")
    (folder / "policies" / "tools.rego").write_text(RULES, "utf-8")
    found = []
    for judge in ("rego", "opa"):
        settings = f"policies: {{judge: {judge}, domains: [example.com], opa: {{url: {opa.url}}}}}"
        (folder / "kapell.yaml").write_text(f"{settings}\n", "utf-8")
        found.append(make_policies(folder, load_settings(folder), Noon()))
    try:
        yield found[0], found[1]
    finally:
        for one in found:
            await one.current.close()


@pytest.mark.requirement("GR-06")
async def test_both_give_the_same_answers_to_the_same_policies(tmp_path: Path) -> None:
    async with LoopbackOpa(COMPILER) as opa, offices(tmp_path, opa) as (here, there):
        rulings = set()
        for made in CALLS:
            one, other = await asked(here, made), await asked(there, made)
            assert one.judgement == other.judgement
            assert type(one.raised) is type(other.raised)
            if isinstance(one.raised, Held) and isinstance(other.raised, Held):
                assert one.raised.question == other.raised.question
            rulings.add(one.judgement.ruling if one.judgement else "failed")
        assert rulings == {"allow", "ask", "deny", "failed"}
        assert ("POST", "/v1/data/kapell/tool") in opa.asked


@pytest.mark.requirement("GR-06", "AG-06")
async def test_a_server_has_the_policies_of_the_workspace_and_no_others_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current, "FRESH", 0.0)
    async with LoopbackOpa(COMPILER) as opa, offices(tmp_path, opa) as (_, there):
        opa.modules.update({"kapell/policies/old.rego": "package old\n", "theirs": "package x\n"})
        await asked(there, call())
        assert set(opa.modules) == {
            "theirs",
            "kapell/policies/company.rego",
            "kapell/policies/tools.rego",
            "kapell/library/policies/default.rego",
            "kapell/library/policies/lists.rego",
        }
        (tmp_path / "policies" / "tools.rego").write_text(
            RULES.replace('"allow"', '"x"')
            .replace("allow contains", "ask contains")
            .replace('"untrusted": true', '"reason": "r"'),
            "utf-8",
        )
        assert (await asked(there, call())).outcome == ("ask", "kapell.tool.mail")


NO_ANSWERS = [
    (200, b"{}"),
    (200, b"no JSON"),
    (200, b"[]"),
    (200, b'{"result": {"deny": 1}}'),
    (200, b'{"result": {"allow": [{"no": "rule"}]}}'),
    (500, b'{"code": "internal_error"}'),
    (401, b"{}"),
    (302, b""),
    (200, b'{"result": null}'),
    (200, b'{"result": [' + b"1," * 5_000_000 + b"1]}"),
    (200, b"[" * 100_000),
    (200, b"\xff\xfe"),
]


@pytest.mark.requirement("GR-06")
async def test_a_server_that_gives_no_answer_allows_nothing_until_it_gives_one(
    tmp_path: Path,
) -> None:
    async with LoopbackOpa(COMPILER) as opa, offices(tmp_path, opa) as (_, there):
        for answer in NO_ANSWERS:
            assert (await asked(there, call())).outcome[0] == "allow"
            opa.broken.append(answer)
            said = await asked(there, call())
            assert isinstance(said.raised, Denied), answer[1][:40]
            assert said.raised.code == "policy_failed"
            assert not opa.broken


@pytest.mark.requirement("GR-06")
async def test_a_server_that_takes_too_long_allows_nothing(tmp_path: Path) -> None:
    ended = asyncio.Event()

    async def hears_only(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(hears_only, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (tmp_path / "kapell.yaml").write_text(
        f"policies: {{judge: opa, opa: {{url: 'http://127.0.0.1:{port}', push: false, "
        "timeout: 0.2}}\n",
        "utf-8",
    )
    policies = make_policies(tmp_path, load_settings(tmp_path), Noon())
    said = await asked(policies, call())
    ended.set()
    server.close()
    await policies.current.close()
    assert isinstance(said.raised, Denied)
    assert said.raised.code == "policy_failed"
    assert "does not answer (ReadTimeout)" in said.raised.message


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize("folder", ["examples/guarded-mailbox"])
async def test_policies_of_examples_get_the_same_answers_from_both(
    tmp_path: Path, folder: str
) -> None:
    root = Path(__file__).parents[3]
    async with LoopbackOpa(COMPILER) as opa, offices(tmp_path, opa) as (here, there):
        for old in (tmp_path / "policies").iterdir():
            old.unlink()
        for file in (root / folder / "policies").glob("*.rego"):
            shutil.copy(file, tmp_path / "policies")
        for made in (*CALLS, *(call(one.args, asked=False) for one in CALLS)):
            one, other = await asked(here, made), await asked(there, made)
            assert one.judgement == other.judgement
            assert type(one.raised) is type(other.raised)


@pytest.mark.requirement("GR-06")
async def test_a_server_that_is_gone_allows_nothing(tmp_path: Path) -> None:
    async with LoopbackOpa(COMPILER) as opa, offices(tmp_path, opa) as (_, there):
        assert (await asked(there, call())).outcome[0] == "allow"
        await opa.close()
        said = await asked(there, call())
        assert isinstance(said.raised, Denied)
        assert said.raised.code == "policy_failed"
        assert "does not answer" in said.raised.message


@pytest.mark.requirement("GR-06")
async def test_the_server_is_shown_the_token_and_the_whole_input(tmp_path: Path) -> None:
    async with LoopbackOpa(COMPILER, token="sesame") as opa:  # noqa: S106 - a loopback's
        (tmp_path / "kapell.yaml").write_text(
            f"policies: {{judge: opa, opa: {{url: {opa.url}}}}}\n", "utf-8"
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KAPELL_POLICIES__OPA__TOKEN", "sesame")
            policies = make_policies(tmp_path, load_settings(tmp_path), Noon())
        assert (await asked(policies, call())).outcome == ("ask", "kapell.default.outside")
        await policies.current.close()


def test_a_judge_without_an_address_is_told(tmp_path: Path) -> None:
    (tmp_path / "kapell.yaml").write_text("policies: {judge: opa}\n", "utf-8")
    with pytest.raises(DefinitionInvalid) as refused:
        load_settings(tmp_path)
    assert "opa: {url: ...}" in refused.value.problems[0].message
