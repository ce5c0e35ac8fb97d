"""A file that the interpreter does not survive is tried in a process of its own, and told."""

import asyncio
import logging
import sys
from pathlib import Path

import pytest

from kapell.adapters.policies.rego import trying
from kapell.adapters.policies.rego.compiler import RegoCompiler
from kapell.adapters.policies.rego.trying import Trials
from kapell.bootstrap.guarding.policies import built_in
from kapell.cli.exits import Exit
from kapell.core.definitions.problems import DefinitionInvalid
from kapell.kit.errors import Denied
from kapell.services.policies import current
from tests.integration.cli.desk import Desk
from tests.integration.policies.conftest import Office
from tests.integration.policies.office import asked, call, judged
from tests.integration.policies.test_files import ALLOW, DENY, HEAD, rewrite

NESTED = "{" * 40 + "1" + "}" * 40
ENDLESS = HEAD + f'deny contains {{"rule": "d", "reason": "r"}} if {NESTED} != input.args\n'
"""Sets in sets: the interpreter takes twice as long for each of them."""
DEADLY = HEAD + 'deny contains {"rule": "d", "reason": "r"} if startswith("a", "b") != "deadly"\n'
"""Nothing is wrong with it: it stands for the next file of which the interpreter dies."""

_KILLED = """\
import os, sys
text = sys.stdin.read()
print('{"doing": "compile"}', flush=True)
if "deadly" in text:
    os.kill(os.getpid(), 11)
print('{"doing": "passed"}')
"""


def dying(state: Path | None = None) -> Trials:
    """Return trials whose process dies of policies that hold the word ``deadly``."""
    return Trials(state, command=(sys.executable, "-c", _KILLED))


@pytest.mark.requirement("GR-06")
def test_a_file_that_ends_the_interpreter_is_told_and_this_process_lives(desk: Desk) -> None:
    """A real file: it compiles, and the first question to it never comes to an end."""
    desk.write("policies/mail.rego", ENDLESS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trying, "COMPUTING", 1)
        said = desk.call("policy", "lint")
    assert said.code == Exit.INVALID
    assert "error[policy_endless]: Asking `kapell.tool.deny` about an ordinary call" in said.err
    assert "--> policies/mail.rego:5:1" in said.err


@pytest.mark.requirement("GR-06", "AG-06")
async def test_a_crash_at_a_change_leaves_the_last_good_version_in_place(
    tmp_path: Path,
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(current, "FRESH", 0.0)
    policies = office(mail=DENY)
    policies.current._compiler = RegoCompiler(trials=dying(tmp_path / ".kapell"))
    assert (await asked(policies, call())).outcome == ("deny", "kapell.tool.d")
    rewrite(tmp_path / "policies" / "mail.rego", DEADLY)
    with caplog.at_level(logging.WARNING):
        assert (await asked(policies, call())).outcome == ("deny", "kapell.tool.d")
    (problem,) = policies.current.problems
    assert problem.code == "policy_crash"
    assert "Compiling the policies together ends the interpreter: SIGSEGV" in problem.message
    assert str(problem.place) == "policies/mail.rego:1:1"
    assert "Take the last change back" in problem.advice
    assert "their last good version holds" in caplog.text
    rewrite(tmp_path / "policies" / "mail.rego", ALLOW)
    assert (await asked(policies, call())).outcome == ("allow", "kapell.tool.a")


@pytest.mark.requirement("GR-06")
def test_a_crash_with_no_version_before_allows_nothing(office: Office) -> None:
    policies = office(mail=DEADLY)
    policies.current._compiler = RegoCompiler(trials=dying())
    said = judged(policies, call())
    assert isinstance(said.raised, Denied)
    assert said.raised.code == "policy_broken"
    assert "ends the interpreter" in said.raised.message
    assert "kapell policy lint" in said.raised.advice


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "exit code 3"),
        (("/no/such/program",), "no process could be started (No such file or directory)"),
    ],
)
def test_a_trial_that_is_not_to_be_had_allows_nothing(command: tuple[str, ...], said: str) -> None:
    (problem,) = Trials(None, command).problems({"policies/a.rego": ALLOW})
    assert problem.code == "policy_crash"
    assert said in problem.message


def test_a_trial_that_hangs_is_ended() -> None:
    trials = Trials(None, ("sleep", "60"), patience=0.2)
    (problem,) = trials.problems({"policies/a.rego": ALLOW})
    assert problem.code == "policy_endless"


@pytest.mark.requirement("AG-06")
async def test_calls_do_not_wait_for_a_change_that_takes_long_and_are_judged_as_before(
    tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current, "FRESH", 0.0)
    monkeypatch.setattr(current, "PATIENCE", 0.0)
    policies = office(mail=DENY)
    assert (await asked(policies, call())).outcome[0] == "deny"
    rewrite(tmp_path / "policies" / "mail.rego", ALLOW)
    assert (await asked(policies, call())).outcome[0] == "deny"
    renewing = policies.current._renewing
    assert renewing is not None
    await renewing
    assert (await asked(policies, call())).outcome[0] == "allow"
    rewrite(tmp_path / "policies" / "mail.rego", DENY)
    assert (await asked(policies, call())).outcome[0] == "allow"
    await policies.current.close()


@pytest.mark.requirement("GR-06")
async def test_what_went_well_once_is_not_tried_again(tmp_path: Path) -> None:
    state = tmp_path / ".kapell"
    sources = {**built_in(), "policies/a.rego": ALLOW}
    await RegoCompiler(state).compile(sources)
    assert (state / "policies-tried.json").is_file()
    never = Trials(state, ("/no/such/program",))
    await RegoCompiler(trials=never).compile(sources)
    with pytest.raises(DefinitionInvalid):
        await RegoCompiler(trials=never).compile({**sources, "policies/a.rego": DENY})
    (state / "policies-tried.json").write_text("[1", "utf-8")
    with pytest.raises(DefinitionInvalid):
        await RegoCompiler(trials=never).compile(sources)


async def test_the_built_in_policies_alone_are_not_tried(tmp_path: Path) -> None:
    compiler = RegoCompiler(trials=Trials(tmp_path, ("/no/such/program",)))
    judge = await compiler.compile(built_in())
    await compiler.lint(built_in())
    assert "kapell.default" in judge.packages
    assert not (tmp_path / "policies-tried.json").exists()


@pytest.mark.requirement("GR-06")
def test_a_rule_that_fails_on_every_ordinary_call_is_told_before_it_denies_them_all(
    desk: Desk,
) -> None:
    desk.write(
        "policies/mail.rego",
        HEAD
        + 'limit_of(name) := 1 if name != ""\n\nlimit_of(name) := 2 if contains(name, ".")\n\n'
        + 'deny contains {"rule": "d", "reason": "r"} if limit_of(input.tool.name) > 5\n',
    )
    said = desk.call("policy", "lint")
    assert "error[policy_fails]: `kapell.tool.deny` fails on an ordinary call" in said.err
    assert "--> policies/mail.rego:9:1" in said.err


@pytest.mark.requirement("GR-06")
def test_a_rule_that_fails_on_some_arguments_is_left_to_the_calls(desk: Desk) -> None:
    desk.write(
        "policies/mail.rego",
        HEAD + 'deny contains {"rule": "d", "reason": "r"} if lower(input.args.to) == "x"\n',
    )
    assert desk.ok("policy", "lint").out == "ok  policies/mail.rego\n"


async def test_many_at_once_try_once(tmp_path: Path, office: Office) -> None:
    policies = office(mail=ALLOW)
    versions = await asyncio.gather(*(policies.current.version() for _ in range(9)))
    assert len({id(one) for one in versions}) == 1
    assert (tmp_path / ".kapell" / "policies-tried.json").read_text("utf-8").count('"') == 2
