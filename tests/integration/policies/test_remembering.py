"""A judge remembers its answers: to the very same question, and to no other."""

import subprocess
import sys
from pathlib import Path

from kapell.adapters.policies.rego.compiler import RegoCompiler
from kapell.adapters.policies.rego.compiling import compiled
from kapell.bootstrap.guarding.policies import built_in
from kapell.kit.json import Json

PACKAGE = "kapell.tool"
RULES = {
    "policies/kinds.rego": """\
package kapell.tool

import rego.v1

allow contains {"rule": "number"} if is_number(input.args.n)

allow contains {"rule": "truth"} if is_boolean(input.args.n)

allow contains {"rule": "text"} if is_string(input.args.n)

allow contains {"rule": "nothing"} if is_null(input.args.n)

allow contains {"rule": "much"} if input.args.n > 1.5
"""
}


async def test_values_that_look_alike_are_different_questions() -> None:
    judge = compiled(RULES)
    asked: tuple[Json, ...] = (1, True, "1", None, 1.0, 2, "true", 0, False, "", [1], {"n": 1})

    async def answers() -> list[Json]:
        return [(await judge.evaluate([PACKAGE], {"args": {"n": one}}))[PACKAGE] for one in asked]

    first = [str(one) for one in await answers()]
    assert [str(one) for one in await answers()] == first
    alone = [
        str((await compiled(RULES).evaluate([PACKAGE], {"args": {"n": one}}))[PACKAGE])
        for one in asked
    ]
    assert first == alone
    assert len(set(first)) >= 6


async def test_the_same_question_is_judged_once_and_another_package_is_another_question() -> None:
    judge = compiled(RULES)
    once = await judge.evaluate([PACKAGE], {"args": {"n": 1}, "unread": 1})
    assert await judge.evaluate([PACKAGE], {"args": {"n": 1}, "unread": 2}) is once
    assert await judge.evaluate([], {"args": {"n": 1}}) == {}


def test_expressions_of_ones_own_outlive_the_interpreter() -> None:
    program = (
        "import kapell.adapters.policies.rego.compiling\n"
        "from kapell.core.guardrails.rules import make_rules\n"
        "make_rules(patterns={'staff': 'EMP-[0-9]{6}'})\n"
        "print('made')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"made\n", b"")


async def test_the_built_in_modules_answer_plain_values_too() -> None:
    later, now = await RegoCompiler().compile(built_in()), compiled(built_in())
    assert later.packages == now.packages
    asked: Json = {"kind": "tool", "profile": "default", "tool": {"effects": "external"}}
    assert await later.evaluate(["kapell.default"], asked) == await now.evaluate(
        ["kapell.default"], asked
    )


def test_no_interpreter_is_loaded_where_no_rule_speaks(tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from kapell.bootstrap.guarding.policies import make_policies\n"
        "from kapell.core.policies.asking.documents import ToolDocument\n"
        "from kapell.settings.loading import load_settings\n"
        f"root = pathlib.Path({str(tmp_path)!r})\n"
        "policies = make_policies(root, load_settings(root))\n"
        "assert not asyncio.run(policies.speaks_of('model'))\n"
        "ruled = asyncio.run(policies.tool(ToolDocument()))\n"
        "assert ruled.judgement.rule == 'kapell.default.inside', ruled\n"
        "assert 'regopy' not in sys.modules\n"
        "print('asked')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"asked\n", b"")
