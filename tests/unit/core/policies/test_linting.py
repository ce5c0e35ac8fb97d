"""Everything that Rego lets pass although it can never do what was meant is told."""

from textwrap import dedent

import pytest

from kapell.core.policies.linting.linter import entries, lint

HEAD = "package kapell.tool\n\nimport rego.v1\n\n"


def found(body: str, *, head: str = HEAD, path: str = "policies/mail.rego") -> list[str]:
    """Return what is wrong in a module, as people read it, without the file's name."""
    text = head + dedent(body).lstrip("\n")
    return [str(one).removeprefix(f"{path}:") for one in lint({path: text})]


GOOD = """
    # Mail goes to the company; to others only when people agree.
    company := "example.com"

    inside(address) if endswith(address, concat("", ["@", company]))

    deny contains {"rule": "night", "reason": "no mail at night"} if {
        input.tool.name == "mail.send"
        input.time.hour < 6
    }

    ask contains {
        "rule": "outside",
        "reason": sprintf("it goes to %s", [to]),
        "need": 2,
        "approvers": ["role:office"],
        "expires": "2d",
        "risk": "high",
    } if {
        input.tool.name == "mail.send"
        some to in input.args.to
        not inside(to)
    }

    allow contains {"rule": "mail", "reason": "mail is its work"} if {
        input.tool.name == "mail.send"
        input.agent.name in {"secretary", "assistant"}
        "support" in input.agent.capabilities
        [first, _] := split(input.tool.name, ".")
        first != ""
        every to in input.args.to {
            inside(to)
        }
        not "web" in input.labels.origins
        input.labels.args.body != ["web"]
        object.get(input.args, "attachments", []) == []
    }
"""


def test_a_policy_that_uses_the_language_well_is_not_complained_of() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            'deny contains {"rule": "x", "reason": "y"} if startwith(input.tool.name, "m")\n',
            "5:47: There is no function `startwith`. [policy_builtin] Did you mean `startswith`?",
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if time.now_ns() > 3\n',
            "5:47: There is no function `time.now_ns`. [policy_builtin] "
            "Compare `input.time`, so that every judge answers alike.",
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if input.tool.nmae == "m"\n',
            "5:47: `input.tool` has no field `nmae`, so this is never true. [policy_input] "
            "Did you mean `name`?",
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if input["tool"]["efects"] == "read"\n',
            "5:47: `input.tool` has no field `efects`, so this is never true. [policy_input] "
            "Did you mean `effects`?",
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if input.tool.effects == "extern"\n',
            '5:69: `input.tool.effects` is never "extern". [policy_value] Did you mean `external`?',
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if "wbe" in input.labels.origins\n',
            '5:47: `input.labels.origins` is never "wbe". [policy_value] Did you mean `web`?',
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if input.tool.effects in {"raed"}\n',
            '5:70: `input.tool.effects` is never "raed". [policy_value] Did you mean `read`?',
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if adress == input.args.to\n',
            "5:47: Nothing binds `adress`, so what it stands in is never true. [policy_variable] "
            "Known here: `deny`. Bind a variable with `:=` or `some`.",
        ),
        (
            'denny contains {"rule": "x", "reason": "y"} if input.asked\n',
            "5:1: Kapell does not read the rule `denny`, and no other rule uses it. [policy_rule] "
            "Did you mean `deny`?",
        ),
        (
            "deny if input.asked\n",
            "5:1: `deny` must be written `deny contains {...} if {...}`. [policy_rule] "
            'Give an object, such as {"rule": "no-mail", "reason": "..."}.',
        ),
        (
            'ask contains {"rule": "x", "reason": "y", "aprovers": []} if input.asked\n',
            "5:43: What `ask` gives has no key `aprovers`. [policy_answer] "
            "Did you mean `approvers`?",
        ),
        (
            'ask contains {"rule": "x", "reason": "y", "risk": "hgih"} if input.asked\n',
            '5:51: `risk` is never "hgih". [policy_answer] Did you mean `high`?',
        ),
        (
            'deny contains "no mail" if input.asked\n',
            '5:15: `deny` gives an object, not "no mail". [policy_answer] '
            'Give one such as {"rule": "no-mail", "reason": "..."}.',
        ),
        (
            'deny contains {"rule": "x"} if input.asked\n',
            "5:1: What `deny` gives lacks `reason`. [policy_answer] "
            "`rule` names it in the log, `reason` tells people why.",
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if input.args.to[_] in input.args.l\n',
            "5:61: `[_]` is not understood by every judge. [policy_wildcard] "
            "Bind a variable with `some x in ...`.",
        ),
        (
            """
            deny contains {"rule": "x", "reason": sprintf("%s!", [name])} if {
                name := lower(input.tool.name)
            }
            """,
            "5:55: `name` would stand in quotes here. [policy_sprintf] "
            'Use `concat("", [...])` in place of `sprintf`.',
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if data.company.nobody\n',
            "5:47: Nothing defines `data.company.nobody`. [policy_data] "
            "Defined: `kapell.tool`, `kapell.tool.deny`.",
        ),
        (
            """
            deny contains {"rule": "x", "reason": "y"} if {
                input.tool.name == "a"
                input.tool.name == "b"
            }
            """,
            '5:1: `deny` here never fires: `input.tool.name == "b"` cannot hold with its other '
            "conditions. [policy_contradiction] Write two rules when either condition is enough.",
        ),
        (
            """
            deny contains {"rule": "x", "reason": "y"} if {
                input.time.hour > 22
                6 > input.time.hour
            }
            """,
            "5:1: `deny` here never fires: `input.time.hour>22` leaves no number for "
            "`input.time.hour`. [policy_contradiction] Write two rules when either condition is "
            "enough.",
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if input.time.hour >= 24\n',
            "5:1: `deny` here never fires: `input.time.hour>=24` leaves no number for "
            "`input.time.hour`. [policy_contradiction] Write two rules when either condition is "
            "enough.",
        ),
        (
            """
            deny contains {"rule": "x", "reason": "y"} if input.tool.name == "a"

            allow contains {"rule": "z"} if "a" == input.tool.name
            """,
            "7:1: `allow` here never decides: `deny` in policies/mail.rego:5 fires under the same "
            "conditions. [policy_contradiction] Take one of the two away, or give the graver one a "
            "condition that tells them apart.",
        ),
        (
            """
            ask contains {"rule": "x", "reason": "y"} if input.asked

            allow contains {"rule": "z"} if {
                input.tool.name == "a"
                input.asked
            }
            """,
            "7:1: `allow` here never decides: `ask` in policies/mail.rego:5 fires whenever this "
            "one would. [policy_contradiction] Take one of the two away, or give the graver one a "
            "condition that tells them apart.",
        ),
    ],
)
def test_what_can_never_do_what_was_meant_is_told(body: str, said: str) -> None:
    assert found(body) == [said]


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("count() == 1", "`count` takes one value, and is given none. [policy_call]"),
        ('endswith("a") == 1', "`endswith` takes 2 values, and is given 1. [policy_call]"),
        ('endswith("a", "b", yes)', "`endswith` takes 2 values, and is given 3. [policy_call]"),
        ("twice(1, 2) == 2", "`twice` takes one value, and is given 2. [policy_call]"),
        ("yes(1)", "`yes` is not a function, so it cannot be given values. [policy_call]"),
        ('replace(input.tenant, input.subject, "") == ""', "for an empty one has no end."),
        ('replace(input.tenant, "", "a") == ""', "for an empty one has no end."),
        ('glob.match("*a*b*c", [], input.tenant)', "takes forever on a long text."),
        ('regex.match("^a+$", input.args.to)', "A long text would end the process in it; use"),
        ("count(numbers.range(1, input.args.n)) > 1", "A large number would hold every call up"),
        ('input.tenant == $"{input.kind}"', "A text with `$` before it is not understood"),
    ],
)
def test_what_ends_or_deceives_the_interpreter_is_refused(condition: str, said: str) -> None:
    defined = "yes := true\n\ntwice(x) := 2 * x\n\n"
    used = f"    yes\n    twice(1) == 2\n    {condition}\n"
    (one,) = found(f'{defined}deny contains {{"rule": "x", "reason": "y"}} if {{\n{used}}}\n')
    assert one.startswith("12:")
    assert said in one


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (
            "a := 1\n\na := 2 if input.asked",
            "7:1: `a` is 2 here and 1 in policies/mail.rego:5, and both can hold at once. "
            "[policy_contradiction] Write the second as `else := ...`, or give each a condition "
            "that rules out the other.",
        ),
        (
            "a if input.asked\n\na := false if {\n    input.asked\n    input.tenant\n}",
            "7:1: `a` is false here and true in policies/mail.rego:5, and both can hold at once.",
        ),
        ("a(x) := 1\n\na(x) := 2", "7:1: `a` is 2 here and 1 in policies/mail.rego:5"),
        (
            "a(x) := x\n\na(x, y) := x + y",
            "7:1: `a` takes 2 values here and 1 elsewhere. [policy_call] "
            "Give one of the two another name.",
        ),
        (
            'allow contains {"rule": "x", "rule": "y"} if input.asked\n\na := 1',
            "5:30: What `allow` gives has the key `rule` twice. [policy_answer] Keep one",
        ),
        (
            'allow.mail contains {"rule": "x"} if input.asked\n\na := 1',
            "5:1: `allow` must be written `allow contains {...} if {...}`. [policy_rule]",
        ),
    ],
)
def test_rules_that_say_two_things_of_one_name_are_told(rules: str, said: str) -> None:
    use = 'deny contains {"rule": "x", "reason": "y"} if a != 5'
    (one,) = found(f"{rules}\n\n{use}\n")
    assert one.startswith(said)


@pytest.mark.parametrize(
    "rules",
    [
        "default a := 1\n\na := 2 if input.asked",
        "a := 1 if input.asked\n\na := 2 if not input.asked",
        "a := 1\n\na := 1 if input.asked",
        "a(1) := 1\n\na(2) := 2",
        "a := 1 if input.asked else := 2",
        "a.b := 1\n\na.c := 2",
        "a contains 1\n\na contains 2",
        "a[x] := 1 if some x in input.args.to\n\na[y] := 2 if some y in input.args.cc",
        'a := glob.match("*.example.com", ["."], input.tenant)',
        'a := count(set()) + count(split("a", ","))',
        "a if {\n    some p, v\n    walk(input.args, [p, v])\n    v == 1\n}",
        'a := replace(input.tenant, "-", "")',
    ],
)
def test_rules_that_say_one_thing_at_a_time_are_fine(rules: str) -> None:
    use = 'deny contains {"rule": "x", "reason": "y"} if a != 5'
    if "a(" in rules:
        use = use.replace("a != 5", "a(1) != 5")
    assert found(f"{rules}\n\n{use}\n") == []


@pytest.mark.requirement("GR-06")
def test_parts_of_the_input_have_no_other_names_for_they_would_not_be_handed_over() -> None:
    rule = 'deny contains {"rule": "x", "reason": "y"} if input.args.to == "a"\n'
    (one,) = found(rule, head="package kapell.tool\n\nimport input.args as a\n\n")
    assert one.startswith("3:1: `input.args` can be used everywhere and is not imported.")


@pytest.mark.requirement("GR-06", "WF-11")
@pytest.mark.parametrize(
    ("key", "value", "advice"),
    [
        ("on_expiry", '"rejct"', "Did you mean `reject`?"),
        ("on_expiry", '"approve"', "Its values: `fail`, `reject`."),
        ("risk", "3", ""),
        ("need", "0", "Give a whole number, at least 1."),
        ("need", "1.5", "Give a whole number, at least 1."),
        ("need", '"two"', "Give a whole number, at least 1."),
        ("need", "true", "Give a whole number, at least 1."),
        ("expires", '"2 days"', "Give seconds, or a span such as `90s`, `4h` or `2d`."),
        ("expires", "0", "Give seconds, or a span such as `90s`, `4h` or `2d`."),
        ("remind", "null", "Give seconds, or a span such as `90s`, `4h` or `2d`."),
        ("escalate_after", '"soon"', "Give seconds, or a span such as `90s`, `4h` or `2d`."),
        ("approvers", '"role:office"', 'Give a list such as ["role:office", "user:anna"].'),
    ],
)
def test_what_people_are_asked_with_is_checked_where_it_is_written(
    key: str, value: str, advice: str
) -> None:
    given = f'"rule": "x", "reason": "y",\n\t"{key}": {value}'
    (one,) = found(f"ask contains {{\n\t{given}\n}} if input.asked\n")
    assert one.startswith(f"7:{len(key) + 6}: `{key}` is never {value}. [policy_answer]")
    assert one.endswith(advice)


def test_values_that_a_rule_computes_are_left_to_the_answer() -> None:
    rule = """
        ask contains {
            "rule": "x", "reason": "y", "need": 1 + input.args.n, "expires": input.args.until,
            "approvers": {one | some one in input.args.who}, "risk": input.args.risk,
        } if input.asked
    """
    assert found(rule) == []


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("kapell.tol", "Did you mean `kapell.tool`?"),
        ("tool", "Did you mean `kapell.tool`?"),
        ("kapell.default", "Write your rules into `kapell.tool` or another package"),
    ],
)
def test_a_package_that_nobody_asks_is_told(package: str, said: str) -> None:
    (one,) = (
        found("x := 1\n", head=f"package {package}\n\n")
        if package == "tool"
        else (found("", head=f"package {package}\n\n"))
    )
    assert "[policy_package]" in one
    assert said in one


def test_all_that_is_wrong_is_told_at_once_and_in_order() -> None:
    said = found(
        """
        deny contains {"rule": "x", "reason": "y"} if {
            input.tol.name == "m"
            startwith(input.tool.name, "m")
        }

        alow contains {"rule": "x"} if input.asked
        """
    )
    assert [one.split(":")[0] for one in said] == ["6", "7", "10"]


def test_rules_of_one_package_may_use_what_another_package_defines() -> None:
    sources = {
        "policies/company.rego": "package company\n\n"
        'staff := {"anna"}\n\nis_staff(n) if n in staff\n',
        "policies/mail.rego": HEAD
        + "import data.company\n\n"
        + 'deny contains {"rule": "x", "reason": "y"} if not company.is_staff(input.subject)\n\n'
        + 'ask contains {"rule": "z", "reason": "y"} if data.company.staff[input.tenant]\n',
    }
    assert lint(sources) == ()
    assert entries(sources) == {"kapell.tool": ("ask", "deny")}


def test_fields_are_those_of_the_package_in_which_a_rule_stands() -> None:
    rule = 'deny contains {"rule": "x", "reason": "y"} if input.model.provider == "openai"\n'
    assert found(rule, head="package kapell.model\n\n") == []
    (one,) = found(rule, head="package kapell.tool\n\n")
    assert "`input` has no field `model`" in one


@pytest.mark.parametrize(
    "text", ["", "package", "((((", "deny contains {", '"', "import\nimport x"]
)
def test_what_is_no_rego_at_all_breaks_nothing(text: str) -> None:
    assert all(one.place.file == "policies/a.rego" for one in lint({"policies/a.rego": text}))


@pytest.mark.requirement("GR-06", "WF-11")
@pytest.mark.parametrize(
    ("approvers", "need", "is_told"),
    [
        ('["anna", "user:anna"]', 2, True),
        ('["anna", "ben"]', 3, True),
        ('["anna", "ben"]', 2, False),
        ('["anna", "role:office"]', 3, False),
        ("[input.subject]", 2, False),
    ],
)
def test_more_people_than_are_named_can_never_agree(
    approvers: str, need: int, is_told: bool
) -> None:
    given = f'"rule": "x", "reason": "y", "approvers": {approvers}, "need": {need}'
    said = found(f"ask contains {{{given}}} if input.asked\n")
    assert bool(said) is is_told
    if is_told:
        assert "may answer. [policy_nobody] Name more `approvers`, or a role." in said[0]


@pytest.mark.requirement("GR-06", "WF-11")
@pytest.mark.parametrize(
    ("condition", "is_told"),
    [
        ("", True),
        (' if input.approval.answer == "approve"', True),
        (' if input.approval.answer == "reject"', False),
        (' if "office" in input.approval.roles', False),
    ],
)
def test_a_rule_by_which_nobody_could_ever_answer_is_told(condition: str, is_told: bool) -> None:
    rule = f'deny contains {{"rule": "x", "reason": "y"}}{condition}\n'
    said = found(rule, head="package kapell.approval\n\nimport rego.v1\n\n")
    assert bool(said) is is_told
    if is_told:
        assert "lets nobody agree, so what waits for people waits forever." in said[0]


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            'deny contains {"rule": "x", "reason": "y"} if input.time.hour == "22"\n',
            '`input.time.hour` is a number, and "22" is a text. [policy_value] Write `22`.',
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if "22" < input.time.hour\n',
            '`input.time.hour` is a number, and "22" is a text. [policy_value] Write `22`.',
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if input.tenant == 7\n',
            '`input.tenant` is a text, and 7 is a number. [policy_value] Write `"7"`.',
        ),
        (
            'deny contains {"rule": "x", "reason": "y"} if 1 == 2\n',
            "`deny` here never fires: `1 == 2` cannot hold",
        ),
        (
            'ask contains {"rule": "x", "reason": "y", "expires": "1h", "escalate_after": "2h", '
            '"escalate_to": "role:chief"} if input.asked\n',
            '`escalate_after` is "2h", and the question expires after "1h".',
        ),
        (
            'ask contains {"rule": "x", "reason": "y", "expires": 60, "remind": "90s"} if '
            "input.asked\n",
            '`remind` is "90s", and the question expires after 60.',
        ),
    ],
)
def test_what_compares_or_waits_in_vain_is_told(body: str, said: str) -> None:
    (problem,) = found(body)
    assert said in problem


def test_what_is_compared_with_its_own_kind_is_no_mistake() -> None:
    assert not found(
        'deny contains {"rule": "x", "reason": "y"} if {\n    input.time.hour == 22\n'
        '    input.args.amount == "22"\n    input.args.count > 3\n    1 == 1\n}\n\n'
        'ask contains {"rule": "x", "reason": "y", "expires": "2d", "remind": "4h", '
        '"escalate_after": 86400, "escalate_to": "role:chief"} if input.tool.cost > 1\n'
    )
