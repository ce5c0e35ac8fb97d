"""Policies are files: a change holds at once, a broken one changes nothing and is told."""

import asyncio
import logging
import os
from pathlib import Path

import pytest

from kapell.adapters.policies.rego.compiler import RegoCompiler
from kapell.bootstrap.guarding.policies import built_in
from kapell.kit.errors import Denied
from kapell.services.policies import current
from kapell.services.policies.current import CurrentPolicies
from kapell.services.policies.policies import Policies, Terms
from tests.integration.policies.conftest import Office
from tests.integration.policies.office import Noon, asked, call, judged, spec

HEAD = "package kapell.tool\n\nimport rego.v1\n\n"
ALLOW = HEAD + 'allow contains {"rule": "a"}\n'
DENY = HEAD + 'deny contains {"rule": "d", "reason": "r"}\n'
BROKEN = HEAD + 'deny contains {"rule": "d" if {\n'


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files be looked at for every call, so that no test has to wait."""
    monkeypatch.setattr(current, "FRESH", 0.0)


def rewrite(path: Path, text: str) -> None:
    """Write a file as editors do: another file takes its place."""
    other = path.with_suffix(".new")
    other.write_text(text, "utf-8")
    os.replace(other, path)


class Changing:
    """Files that have another text whenever they are looked at: none, then a rule about data."""

    def __init__(self) -> None:
        self.looks = 0

    def names(self, folder: str, endings: tuple[str, ...]) -> tuple[str, ...]:
        del folder, endings
        self.looks += 1
        return ("policies/data.rego",) if self.looks > 2 else ()

    def stamp(self, path: str) -> tuple[int, int]:
        return (len(path), 0)

    def read(self, path: str) -> bytes:
        del path
        return (
            b"package kapell.data\n\nimport rego.v1\n\n"
            b'deny contains {"rule": "files", "reason": "r"} if count(input.data.tables) > 0\n'
        )


@pytest.mark.requirement("GR-06")
@pytest.mark.usefixtures("watched")
async def test_a_call_is_judged_by_the_rules_it_was_described_for() -> None:
    files = Changing()
    policies = Policies(CurrentPolicies(files, built_in(), RegoCompiler()), Terms(), Noon())
    reading = spec("table.read", "read")
    made = call({"table": "wages"}, tool="table.read")
    said = [await asked(policies, made, reading) for _ in range(3)]
    versions = [one.judgement.version for one in said if one.judgement is not None]
    assert [one.outcome for one in said][-1] == ("deny", "kapell.data.files")
    for one, version in zip(said, versions, strict=True):
        assert (one.outcome[0] == "allow") == (version == versions[0]), "a rule was asked blindly"
    await policies.current.close()


@pytest.mark.requirement("AG-06", "GR-06")
@pytest.mark.usefixtures("watched")
async def test_a_change_holds_without_a_restart_and_has_a_version_of_its_own(
    office: Office, tmp_path: Path
) -> None:
    policies = office(mail=ALLOW)
    first = await asked(policies, call())
    rewrite(tmp_path / "policies" / "mail.rego", DENY)
    second = await asked(policies, call())
    (tmp_path / "policies" / "mail.rego").unlink()
    third = await asked(policies, call())
    assert [one.outcome[0] for one in (first, second, third)] == ["allow", "deny", "ask"]
    versions = {one.judgement and one.judgement.version for one in (first, second, third)}
    assert len(versions) == 3


@pytest.mark.requirement("AG-06")
def test_files_are_looked_at_well_within_a_second() -> None:
    assert current.FRESH <= 0.5


@pytest.mark.requirement("AG-06", "GR-06")
@pytest.mark.usefixtures("watched")
async def test_a_broken_file_leaves_the_last_good_version_in_place_and_is_told(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    policies = office(mail=DENY)
    assert (await asked(policies, call())).outcome[0] == "deny"
    rewrite(tmp_path / "policies" / "mail.rego", BROKEN)
    with caplog.at_level(logging.WARNING):
        said = await asked(policies, call())
    assert said.outcome == ("deny", "kapell.tool.d")
    assert "their last good version holds: policies/mail.rego:5:15" in caplog.text
    assert {one.code for one in policies.current.problems} == {"policy_syntax"}
    rewrite(tmp_path / "policies" / "mail.rego", ALLOW)
    assert (await asked(policies, call())).outcome[0] == "allow"
    assert policies.current.problems == ()


@pytest.mark.requirement("AG-06")
def test_the_next_process_has_the_last_good_version_too(office: Office) -> None:
    assert judged(office(mail=DENY), call()).outcome[0] == "deny"
    assert judged(office(mail=BROKEN), call()).outcome == ("deny", "kapell.tool.d")


@pytest.mark.requirement("AG-06", "GR-06")
def test_rules_that_were_taken_away_do_not_come_back_when_a_later_file_is_broken(
    office: Office, tmp_path: Path
) -> None:
    assert judged(office(mail=ALLOW), call()).outcome[0] == "allow"
    (tmp_path / "policies" / "mail.rego").unlink()
    assert judged(office(), call()).outcome[0] == "ask"
    assert judged(office(other=BROKEN), call()).outcome[0] == "ask"


@pytest.mark.requirement("GR-06")
def test_policies_that_never_were_good_allow_nothing(office: Office) -> None:
    said = judged(office(mail=BROKEN), call())
    assert isinstance(said.raised, Denied)
    assert said.raised.code == "policy_broken"
    assert "policies/mail.rego:5:15" in said.raised.message


@pytest.mark.requirement("GR-06")
def test_mistakes_of_all_files_are_told_at_once(office: Office) -> None:
    policies = office(
        a=BROKEN,
        b=HEAD + 'deny contains {"rule": "d", "reason": "r"} if startwith(input.tool.nmae, "m")\n',
        c="package kapell.tol\n",
        d=HEAD + "x := := 1\n",
    )
    said = judged(policies, call())
    assert isinstance(said.raised, Denied)
    places = [str(one.place) for one in policies.current.problems]
    assert {place.split(":")[0] for place in places} == {f"policies/{name}.rego" for name in "abcd"}


@pytest.mark.requirement("GR-06")
def test_a_file_that_is_no_text_is_told(office: Office, tmp_path: Path) -> None:
    policies = office()
    (tmp_path / "policies" / "x.rego").write_bytes(b"package \xff\n")
    said = judged(policies, call())
    assert isinstance(said.raised, Denied)
    assert "UTF-8" in said.raised.message


@pytest.mark.requirement("GR-06")
@pytest.mark.usefixtures("watched")
async def test_many_calls_at_once_make_a_version_ready_once(
    office: Office,
) -> None:
    policies = office(mail=ALLOW)
    versions = await asyncio.gather(*(policies.current.version() for _ in range(20)))
    assert len({id(one) for one in versions}) == 1


def test_tests_of_policies_are_no_policies(office: Office) -> None:
    office(mail=ALLOW, mail_test=BROKEN)
    assert judged(office(), call()).outcome[0] == "allow"
