"""Whoever begins a run again, or asks models beside any run, passes what a new run passes."""

from pathlib import Path

import pytest

from kapell.bootstrap.app import open_app
from kapell.cli.exits import Exit
from kapell.kit.errors import Denied, Limited
from tests.integration.cli.desk import Desk
from tests.integration.runs.shop import Shop

NO_RUNS = """\
package kapell.budget

import rego.v1

deny contains {"rule": "closed", "reason": "nothing begins today"} if {
    input.run.workflow == "w"
}
"""
NOBODY = """\
package kapell.model

import rego.v1

deny contains {"rule": "RULE", "reason": "not for them"} if {
    CONDITION
}
"""
STEPS = "steps: [{id: a, set: {text: hello}}]\n"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a workspace."""
    return Shop(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")


def policy(shop: Shop, text: str) -> None:
    """Write the policies of a workspace."""
    (shop.folder / "policies").mkdir(exist_ok=True)
    (shop.folder / "policies" / "mine.rego").write_text(text, "utf-8")


@pytest.mark.requirement("GR-06", "GR-05")
@pytest.mark.parametrize("how", ["restart", "fork"])
async def test_a_run_that_is_begun_again_asks_the_rules_of_today(shop: Shop, how: str) -> None:
    shop.workflow("w", STEPS)
    async with shop.open() as app:
        run = (await app.starter.start("w", {})).run_id
        await app.run_until_idle(run)
    policy(shop, NO_RUNS)
    async with shop.open() as app:
        with pytest.raises(Denied) as denied:
            await (app.forker.restart(run) if how == "restart" else app.forker.fork(run, at="a"))
        assert denied.value.code == "policy_denied"
        assert len(await app.reader.runs(app.tenant)) == 1


@pytest.mark.requirement("GR-05")
@pytest.mark.parametrize("how", ["restart", "fork"])
async def test_a_run_that_is_begun_again_counts_as_one_that_begins(shop: Shop, how: str) -> None:
    shop.workflow("w", STEPS)
    with (shop.folder / "kapell.yaml").open("a", encoding="utf-8") as file:
        file.write("limits: {rates: [{per: tenant, most: 2, every: 36500d, everywhere: true}]}\n")
    async with shop.open() as app:
        run = (await app.starter.start("w", {})).run_id
        await app.run_until_idle(run)
        await app.forker.restart(run)
        with pytest.raises(Limited):
            await (app.forker.restart(run) if how == "restart" else app.forker.fork(run, at="a"))


@pytest.mark.requirement("GR-06", "GR-07")
async def test_a_copy_of_a_copy_acts_for_whoever_restarts_it(shop: Shop) -> None:
    shop.workflow("w", STEPS)
    async with shop.open() as app:
        run = (await app.starter.start("w", {})).run_id
    async with open_app(shop.folder, actor="user:eve") as app:
        fork = await app.forker.fork(run)
    async with open_app(shop.folder, actor="user:ben") as app:
        again = await app.forker.restart(fork)
        subjects = [
            (await app.histories.state(await app.histories.events(one)))[1].subject
            for one in (fork, again)
        ]
    assert subjects == ["user:eve", "user:ben"]


@pytest.mark.requirement("GR-06", "GR-11")
@pytest.mark.parametrize(
    ("rule", "condition", "work"),
    [
        ("who", 'startswith(input.subject, "user:")', '{"prompt": "hi"}'),
        ("whose", 'input.tenant != ""', '{"prompt": "hi", "subject": "user:else"}'),
        ("what", "input.labels.untrusted", '{"prompt": "hi", "trust": "untrusted"}'),
    ],
)
def test_models_that_are_compared_are_asked_for_somebody_and_it_is_on_record(
    desk: Desk, rule: str, condition: str, work: str
) -> None:
    desk.write("policies/m.rego", NOBODY.replace("RULE", rule).replace("CONDITION", condition))
    desk.write("work.jsonl", f"{work}\n")
    said = desk.call("models", "compare", "offline", "offline", "--workload", "work.jsonl").out
    assert "1 failed: policy_denied" in said
    assert "models.compare" in desk.ok("audit", "show").out


ROUTE = """\
model: fast
prices: {"scripted:*": {input: 1, output: 1}}
routes: {fast: {deployments: ["scripted:a.yaml", "scripted:b.yaml", "scripted:c.yaml"]}}
"""
NOT_B = """\
package kapell.model

import rego.v1

deny contains {"rule": "abroad", "reason": "it is abroad"} if {
    input.model.name == "scripted:b.yaml"
}
"""


@pytest.mark.requirement("GR-06", "LG-05")
def test_a_route_asks_no_model_that_a_policy_forbids(desk: Desk) -> None:
    desk.write("kapell.yaml", ROUTE)
    desk.write("a.yaml", "answers: [{label: '*', error: {code: model_unavailable}}]\n")
    desk.write("b.yaml", "answers: [{label: '*', text: from abroad}]\n")
    desk.write("c.yaml", "answers: [{label: '*', text: from home}]\n")
    desk.write("w.yaml", "name: w\nsteps: [{id: a, ask: hi}]\n")
    desk.write("policies/m.rego", NOT_B)
    assert "from home" in desk.ok("run", "w.yaml").out
    assert "policy says deny (kapell.model.abroad)" in desk.ok("runs", "events", "last").out
    everyone = NOT_B.replace('== "scripted:b.yaml"', '!= "fast"')
    desk.write("policies/m.rego", everyone)
    said = desk.call("run", "w.yaml")
    assert said.code != 0
    assert "route_unusable" in said.out + said.err
    asking = everyone.replace("deny contains", "ask contains").replace('!= "fast"', '!= ""')
    desk.write("policies/m.rego", asking)
    desk.call("run", "w.yaml")
    desk.ok("approvals", "answer", "last", "--all", "--approve")
    assert "from abroad" in desk.ok("runs", "resume", "last").out


ASKS_A = """\
package kapell.model

import rego.v1

ask contains {"rule": "abroad", "reason": "it is abroad"} if {
    input.model.name == "scripted:WHICH.yaml"
}
"""


@pytest.mark.requirement("GR-06", "WF-09", "LG-05")
def test_people_are_asked_about_a_routes_model_before_the_route_asks_anybody(desk: Desk) -> None:
    desk.write("kapell.yaml", ROUTE)
    for name in "abc":
        desk.write(f"{name}.yaml", f"answers: [{{label: '*', text: from {name}}}]\n")
    desk.write("w.yaml", "name: w\nsteps: [{id: a, ask: hi}]\n")
    desk.write("policies/m.rego", ASKS_A.replace("WHICH", "a"))
    assert desk.call("run", "w.yaml").code == Exit.WAITING
    shown = desk.ok("approvals", "show", "last").out
    assert "it is abroad (the route fast would ask scripted:a.yaml)" in shown
    assert "kapell.model.abroad" in shown
    desk.ok("approvals", "answer", "last", "--approve")
    assert "from a" in desk.ok("runs", "resume", "last").out
    assert desk.call("run", "w.yaml").code == Exit.WAITING
    desk.ok("approvals", "answer", "last", "--reject")
    ended = desk.call("runs", "resume", "last")
    assert "approval_rejected" in ended.out + ended.err


@pytest.mark.requirement("GR-06", "LG-05")
def test_in_the_middle_of_a_route_nobody_is_waited_for_and_the_refusal_says_what_to_do(
    desk: Desk,
) -> None:
    desk.write("kapell.yaml", ROUTE.replace(', "scripted:c.yaml"', ""))
    desk.write("a.yaml", "answers: [{label: '*', error: {code: model_unavailable}}]\n")
    desk.write("b.yaml", "answers: [{label: '*', text: from b}]\n")
    desk.write("w.yaml", "name: w\nsteps: [{id: a, ask: hi, retry: {attempts: 1}}]\n")
    desk.write("policies/m.rego", ASKS_A.replace("WHICH", "b"))
    said = desk.call("run", "w.yaml")
    assert said.code == Exit.FAILED
    told = said.out + said.err
    assert "A rule wants people asked about 'scripted:b.yaml'" in told
    assert 'input.model.name == "fast"' in told
