"""``kapell policy``: what is wrong is told, cases are tried, and a call is explained."""

import json
import subprocess
import sys

import pytest

from kapell.cli.exits import Exit
from tests.integration.cli.desk import Desk

HEAD = "package kapell.tool\n\nimport rego.v1\n\n"
MAIL = (
    HEAD
    + 'deny contains {"rule": "abroad", "reason": "mail stays in the company"} if {\n'
    + '    input.tool.name == "mail.send"\n'
    + "    some to in input.reach.recipients\n"
    + '    not endswith(to, "@example.com")\n}\n\n'
    + 'allow contains {"rule": "mail"} if input.tool.name == "mail.send"\n'
)
CASES = """\
cases:
  - name: mail to the company
    tool: mail.send
    input: {args: {to: [anna@example.com]}, asked: true}
    expect: {ruling: allow, rule: mail}
  - name: mail abroad
    tool: mail.send
    input: {args: {to: [x@evil.test]}, asked: true}
    expect: {ruling: deny, rule: kapell.tool.abroad}
  - name: mail out of a web page
    tool: mail.send
    input: {args: {to: [anna@example.com]}, asked: true, labels: {args: {body: [web]}}}
    expect: {ruling: deny, rule: kapell.default.strangers}
  - name: any model may be asked
    kind: model
    input: {model: {name: "openai:x", provider: openai}}
    expect: {ruling: allow}
"""


@pytest.mark.requirement("GR-06")
def test_lint_tells_all_that_is_wrong_in_all_files(desk: Desk) -> None:
    assert "There are no policies" in desk.ok("policy", "lint").err
    desk.write("policies/mail.rego", MAIL)
    assert desk.ok("policy", "lint").out == "ok  policies/mail.rego\n"
    desk.write("policies/a.rego", HEAD + 'deny contains {"rule": "d" if {\n')
    desk.write("policies/b.rego", HEAD + "denny contains 1 if startwith(input.tol, 1)\n")
    said = desk.call("policy", "lint")
    assert said.code == Exit.INVALID
    for part in (
        "error[policy_syntax]: This is not valid Rego",
        "--> policies/a.rego:5:15",
        "error[policy_builtin]: There is no function `startwith`.",
        "--> policies/b.rego:5:21",
        "Did you mean `startswith`?",
        "`input` has no field `tol`",
        "Kapell does not read the rule `denny`",
        "the last good version holds",
    ):
        assert part in said.err
    document = desk.call("policy", "lint", "--json").document()
    assert document["ok"] is False
    assert {one["place"]["file"] for one in document["problems"]} == {
        "policies/a.rego",
        "policies/b.rego",
    }


@pytest.mark.requirement("GR-06")
def test_cases_are_tried_and_what_differs_is_told(desk: Desk) -> None:
    assert "There are no cases" in desk.ok("policy", "test").err
    desk.write("policies/mail.rego", MAIL)
    desk.write("policies/mail_test.yaml", CASES)
    assert desk.ok("policy", "test").out.count("ok  policies/mail_test.yaml") == 4
    desk.write("policies/mail.rego", MAIL.replace("deny contains", "ask contains"))
    said = desk.call("policy", "test")
    assert said.code == Exit.FAILED
    assert "FAILED  policies/mail_test.yaml  mail abroad" in said.out
    assert "expected deny by kapell.tool.abroad; it is ask by kapell.tool.abroad" in said.out
    document = desk.call("policy", "test", "--json").document()
    assert [bool(one["why"]) for one in document["cases"]] == [False, True, False, False]


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("{name: a, tol: x, expect: {ruling: deny}}", "policies/mail_test.yaml:2:"),
        ("{name: a, expect: {ruling: dney}}", "`deny`"),
        ("{name: a, tool: mail.sned, expect: {ruling: deny}}", "Did you mean `mail.send`?"),
        ("{name: a, input: {agnet: {}}, expect: {ruling: deny}}", "Did you mean `agent`?"),
        ("{name: a, input: {agent: {nmae: x}}, expect: {ruling: deny}}", "Did you mean `name`?"),
        ("{name: a, input: {asked: 3}, expect: {ruling: deny}}", "`bool`"),
    ],
)
def test_a_case_that_cannot_be_is_told(desk: Desk, case: str, said: str) -> None:
    desk.write("policies/mail_test.yaml", f"cases:\n  - {case}\n")
    told = desk.call("policy", "test")
    assert told.code in (Exit.INVALID, Exit.MISSING)
    assert said in told.err


@pytest.mark.requirement("GR-06")
def test_a_call_is_explained_rule_by_rule(desk: Desk) -> None:
    desk.write("policies/mail.rego", MAIL)
    said = desk.ok("policy", "explain", "mail.send", "--args", '{"to": "x@evil.test"}').out
    assert said.startswith("deny  by kapell.tool.abroad\nbecause mail stays in the company\n")
    assert "asked: kapell.tool\n" in said
    assert "kapell.tool.mail" in said
    assert "decides" in said
    words = ("--arg", "to=anna@example.com", "--input", "agent.name=writer")
    found = desk.ok("policy", "explain", "mail.send", *words, "--json").document()
    assert found["judgement"]["ruling"] == "allow"
    assert found["input"]["agent"]["name"] == "writer"
    assert found["input"]["reach"]["recipients"] == ["anna@example.com"]
    broken = desk.call("policy", "explain", "mail.send", "--input", "agnet.name=writer")
    assert broken.code == Exit.INVALID
    assert "Did you mean `agent`?" in broken.err


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("time.hour=99", "`time.hour` does not fit: Expected `int` <= 23"),
        ("time.minute=-1", "`time.minute` does not fit: Expected `int` >= 0"),
        ("time.hour=noon", "`time.hour` does not fit: Expected `int`, got `str`"),
        ("time.weekday=funday", "`time.weekday` does not fit: Invalid enum value 'funday'"),
        ("time.date=2026-13-01", "`time.date` does not fit"),
        ("time.iso=yesterday", "`time.iso` does not fit"),
        ("agent=writer", "`agent` does not fit: Expected `object`"),
        ("asked=perhaps", "`asked` does not fit: Expected `bool`"),
        ("kind=model", "`kind` does not fit: Invalid enum value 'model'"),
        ("labels.args.to=web", "`labels.args` does not fit"),
        ("reach.domains.first=x", "`reach.domains` does not fit: Expected `array`"),
        ("tool.cost=-1", "`tool.cost` does not fit"),
        ("time.hour.first=9", "`time.hour` does not fit: Expected `int`, got `object`"),
        ("time..hour=9", "has no field ``"),
        ("tiem.hour=9", "Did you mean `time`?"),
    ],
)
def test_a_question_that_no_call_could_raise_is_told_and_not_asked(
    desk: Desk, said: str, told: str
) -> None:
    broken = desk.call("policy", "explain", "mail.send", "--input", said)
    assert broken.code == Exit.INVALID
    assert told in broken.err
    assert broken.out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "No tool is named"),
        (("mail.send", "--arg", "tto=x"), "Did you mean `to`?"),
        (("mail.send", "--input", "agent.name"), "Write --input name=value."),
        (("mail.send", "--arg", "to"), "Write --arg name=value."),
    ],
)
def test_a_call_that_could_not_be_is_not_explained(
    desk: Desk, words: tuple[str, ...], said: str
) -> None:
    told = desk.call("policy", "explain", *words)
    assert told.code == Exit.INVALID
    assert said in told.err


WHOSE = (
    HEAD
    + 'allow contains {"rule": "hers"} if {\n'
    + '    input.tool.name == "notify"\n'
    + '    input.agent.name == "secretary"\n'
    + '    "mail" in input.agent.capabilities\n'
    + '    input.run.workflow == "letters"\n'
    + '    input.profile == "strict"\n'
    + '    startswith(input.subject, "user:")\n'
    + "    input.conversation == input.run.id\n}\n"
)
SECRETARY = """\
---
name: secretary
description: Writes letters.
tools: [notify]
capabilities: [mail]
guardrails: strict
---
Write the letter.
"""
LETTERS = """\
name: letters
model: scripted:answers.yaml
steps:
  - {id: write, agent: secretary, prompt: Write to Anna.}
"""
ANSWERS = """\
answers:
  - asks: [{tool: notify, args: {text: It is done.}}]
  - text: Sent.
"""


@pytest.mark.requirement("GR-06")
def test_the_calls_of_a_run_are_asked_about_as_the_run_asked(desk: Desk) -> None:
    desk.write("policies/mail.rego", WHOSE)
    desk.write("agents/secretary.md", SECRETARY)
    desk.write("workflows/letters.yaml", LETTERS)
    desk.write("answers.yaml", ANSWERS)
    desk.call("run", "letters")
    (call,) = desk.ok("policy", "explain", "--run", "last", "--json").document()
    (then,) = call["then"]
    assert (then["ruling"], then["rule"]) == ("allow", "kapell.tool.hers")
    now = call["now"]["judgement"]
    assert (now["ruling"], now["rule"]) == ("allow", "kapell.tool.hers")
    desk.ok("policy", "explain", "notify", "--run", "last")
    other = desk.call("policy", "explain", "time.now", "--run", "last")
    assert "has not called time.now" in other.err


@pytest.mark.requirement("GR-06", "TL-06")
def test_every_tool_call_of_a_run_has_its_judgement_in_the_log_and_can_be_explained(
    desk: Desk,
) -> None:
    desk.write("workflows/look.yaml", "name: look\nsteps:\n  - {id: now, tool: time.now}\n")
    desk.ok("run", "look")
    events = [json.loads(line) for line in desk.ok("runs", "events", "--json").out.splitlines()]
    (verdict,) = [one["payload"] for one in events if one["type"] == "policy.verdict"]
    assert verdict["judgement"]["rule"] == "kapell.default.inside"
    assert len(verdict["judgement"]["version"]) == 64
    desk.write(
        "policies/time.rego",
        HEAD
        + 'deny contains {"rule": "no-time", "reason": "r"} if {input.tool.name == "time.now"}\n',
    )
    said = desk.ok("policy", "explain", "--run", "last").out
    assert "then: allow  by kapell.default.inside" in said
    assert "deny  by kapell.tool.no-time" in said
    denied = desk.call("run", "look")
    assert denied.code == Exit.FAILED
    assert "policy_denied" in denied.err
    assert "kapell.tool.no-time" in denied.err


@pytest.mark.requirement("GR-06")
def test_a_run_whose_budget_a_policy_forbids_does_not_begin(desk: Desk) -> None:
    desk.write("workflows/look.yaml", "name: look\nsteps:\n  - {id: now, tool: time.now}\n")
    desk.write(
        "policies/money.rego",
        "package kapell.budget\n\nimport rego.v1\n\n"
        'deny contains {"rule": "ceiling", "reason": "a run needs a ceiling"} if {\n'
        "    input.budget.cost == 0\n}\n",
    )
    said = desk.call("run", "look")
    assert said.code == Exit.DENIED
    assert "a run needs a ceiling" in said.err
    assert "No runs yet" in desk.call("runs", "list").err
    assert desk.call("run", "look", "--budget-usd", "1").code == Exit.OK


@pytest.mark.requirement("GR-06")
def test_a_model_that_a_policy_forbids_is_not_asked(desk: Desk) -> None:
    desk.write(
        "workflows/say.yaml", "name: say\nsteps:\n  - {id: say, agent: poet, prompt: Hello.}\n"
    )
    desk.write("agents/poet.md", "---\nname: poet\ndescription: Poems.\n---\nWrite poems.\n")
    desk.write(
        "policies/models.rego",
        "package kapell.model\n\nimport rego.v1\n\n"
        'deny contains {"rule": "local", "reason": "no model is asked here"} if {\n'
        '    input.model.provider == "offline"\n}\n',
    )
    said = desk.call("run", "say")
    assert said.code == Exit.FAILED
    assert "kapell.model.local" in said.err


def test_who_checks_a_workspace_hears_of_its_policies_and_loads_no_interpreter_without_any(
    desk: Desk,
) -> None:
    loaded = (
        "import sys; from kapell.cli.main import call; "
        "call(['validate']); print('regopy' in sys.modules)"
    )
    command = [sys.executable, "-c", loaded]
    said = subprocess.run(command, cwd=desk.folder, capture_output=True, text=True, check=False)
    assert said.stdout.endswith("False\n"), said.stderr
    desk.write("policies/mail.rego", "package kapell.tool\n\nimport rego.v1\n\nalow := 1\n")
    wrong = desk.call("validate")
    assert wrong.code == 2
    assert "error[policy_rule]" in wrong.err
    assert "policies/mail.rego:5:1" in wrong.err
    files = desk.call("validate", "--json").document()["files"]
    (told,) = [one for one in files if one["kind"] == "policy"]
    assert (told["file"], told["ok"]) == ("policies/mail.rego", False)
    checks = desk.call("doctor", "--json").out
    assert "policies/mail.rego:5:1" in checks
    desk.write("policies/mail.rego", 'package kapell.tool\n\nallow contains {"rule": "all"}\n')
    assert "ok  policies/mail.rego" in desk.call("validate").out


ROLES = """package kapell.tool

import rego.v1

ask contains {"rule": "x", "reason": "y", "approvers": ["role:offic"]} if {
    input.tool.name == "mail.sent"
}
"""


@pytest.mark.requirement("GR-06", "WF-09")
def test_what_is_odd_in_a_policy_is_told_by_all_who_check_it(desk: Desk) -> None:
    desk.write("kapell.yaml", "approvals: {roles: {office: [ben]}}\n")
    desk.write("policies/own.rego", ROLES)
    role, tool = "Nobody has the role `offic`.", 'There is no tool "mail.sent" here.'
    for words in (("policy", "lint"), ("validate",)):
        said = desk.ok(*words).err
        assert role in said, words
        assert tool in said, words
        assert "Did you mean `office`?" in said, words
    found = desk.ok("validate", "--json").document()["files"]
    (policy,) = [one for one in found if one["kind"] == "policy"]
    assert [one["code"] for one in policy["warnings"]] == ["role_nobody", "policy_tool"]
    checks = desk.call("doctor", "--json").document()["checks"]
    told = [one for one in checks if one["name"] == "policies"]
    assert all(one["ok"] for one in told)
    assert role in str(told)
    assert tool in str(told)
    desk.write("policies/own.rego", ROLES.replace("offic", "office").replace("sent", "send"))
    assert "warning" not in desk.ok("validate").err


@pytest.mark.requirement("GR-06")
def test_a_policy_that_nobody_reads_is_told_by_all_who_check_it(desk: Desk) -> None:
    desk.write("policies/team/strict.rego", MAIL)
    for names in ([], ["policies/mail.rego"]):
        for name in names:
            desk.write(name, MAIL)
        for words in (("policy", "lint"), ("validate",)):
            said = desk.ok(*words).err
            assert "policies/team/strict.rego" in said, words
            assert "This policy is not read" in said, words
        checks = desk.call("doctor", "--json").document()["checks"]
        told = [one for one in checks if one["name"] == "policies"]
        assert "policies/team/strict.rego" in str(told)
