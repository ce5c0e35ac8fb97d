"""What is done about single kinds, one's own or built in, is what the settings say."""

import pytest

from kapell.bootstrap.app import App
from kapell.core.runs.status import RunStatus
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Invalid
from kapell.kit.ids import RunId
from kapell.kit.json import Json
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult
from tests.integration.guardrails.test_content import ran, script, sent, shop
from tests.integration.runs.shop import Shop, reached, working

__all__ = ["shop"]

pytestmark = pytest.mark.requirement("GR-01", "GR-10")

POLICY = """package kapell.tool

import rego.v1

allow contains {"rule": "out", "reason": "It may."} if input.tool.name == "test.out"
"""
STEPS = """
inputs: {it: {type: string}}
steps:
  - {id: a, ask: "Whose is {{ inputs.it }}?"}
  - {id: b, tool: test.out, with: {q: "{{ inputs.it }}"}}
"""


class Out:
    """A tool that carries what it is given out of the machine."""

    spec = ToolSpec(
        name="test.out", description="Out.", args={"type": "object"}, reaches=True, folder=False
    )

    def __init__(self) -> None:
        self.made: list[Json] = []

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Note the call."""
        del blob
        self.made.append(call.args)
        return ToolResult(output={})


def _settled(shop: Shop, actions: str) -> Shop:
    settings = shop.folder / "kapell.yaml"
    own = f"guardrails: {{patterns: {{staff_id: 'E-[0-9]{{6}}'}}, actions: {actions}}}\n"
    settings.write_text(settings.read_text("utf-8") + own, "utf-8")
    (shop.folder / "policies").mkdir()
    (shop.folder / "policies" / "tools.rego").write_text(POLICY, "utf-8")
    script(shop, {"label": "*", "text": "Bo's."})
    shop.workflow("w", STEPS)
    return shop


async def _agreed(app: App, run: RunId) -> int:
    """Say yes to whatever is asked until the run has ended; return how often."""
    count = 0
    while (await app.reader.run(app.tenant, run)).status is RunStatus.WAITING:
        for row in await app.approvals.list(run):
            count += await app.approvals.answer(run, row.path, True)
        await app.run_until_idle(run)
    return count


@pytest.mark.parametrize(
    ("kind", "it"), [("staff_id", "E-123456"), ("email", "anna.rossi@example.org")]
)
@pytest.mark.parametrize("action", ["pass", "redact", "ask"])
async def test_each_kind_is_treated_as_the_settings_say(
    shop: Shop, kind: str, it: str, action: str
) -> None:
    tool = Out()
    async with _settled(shop, f"{{{kind}: {action}}}").open({"test.out": tool}) as app:
        run = await ran(app, "w", it=it)
        assert await _agreed(app, run) == (2 if action == "ask" else 0)
        (request,) = await sent(app)
        assert (it in request.messages[-1].text) == (action != "redact")
        assert len(tool.made) == 1
        assert (it in str(tool.made[0])) == (action != "redact")


async def test_a_kind_that_is_blocked_goes_nowhere(shop: Shop) -> None:
    tool = Out()
    async with _settled(shop, "{staff_id: block}").open({"test.out": tool}) as app:
        run = await ran(app, "w", it="E-123456")
        assert (await app.reader.run(app.tenant, run)).error_code == "guardrail_blocked"
        assert await sent(app) == []
        shop.workflow("t", STEPS.replace('  - {id: a, ask: "Whose is {{ inputs.it }}?"}\n', ""))
        async with working(app):
            run = (await app.starter.start("t", {"it": "E-123456"})).run_id
            assert (await reached(app, run)).error_code == "guardrail_blocked"
        assert not tool.made


@pytest.mark.parametrize("actions", ["{staff_di: ask}", "{staff_id: maybe}"])
async def test_a_kind_or_an_action_that_is_none_is_refused(shop: Shop, actions: str) -> None:
    with pytest.raises(Invalid):
        async with _settled(shop, actions).open():
            raise AssertionError("it opened")
