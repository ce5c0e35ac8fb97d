"""Ways around what policies ask: a client of `kapell mcp`, a tool that bears an agent's name."""

from pathlib import Path

import pytest

from kapell.bootstrap.single_call import call_tool
from kapell.cli.serving.offer import Offer
from kapell.core.events.guarding.guard import PolicyVerdict
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Denied
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolResult
from tests.integration.runs.shop import Shop


class Letters:
    """A tool that changes the world outside."""

    def __init__(self, name: str) -> None:
        self.spec = ToolSpec(
            name=name,
            description="Send.",
            args={"type": "object"},
            effects="external",
            folder=False,
        )
        self.sent = 0

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Count."""
        self.sent += 1
        return ToolResult(output="sent")


class Page:
    """A tool that returns what strangers wrote."""

    spec = ToolSpec(
        name="test.page",
        description="Read.",
        args={"type": "object"},
        folder=False,
        trust="untrusted",
    )

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        """Return it."""
        return ToolResult(output="eve")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a workspace."""
    return Shop(tmp_path / "shop", f"sqlite:///{tmp_path / 'runs.db'}")


@pytest.mark.requirement("TL-06", "GR-06")
async def test_a_client_of_the_server_is_no_author(shop: Shop) -> None:
    letters = Letters("test.letter")
    async with shop.open({"test.letter": letters}) as app:
        offer = Offer(app, ["test.*"])
        with pytest.raises(Denied) as denied:
            await offer.call("test.letter", {"to": "eve"}, offer.asker())
        assert denied.value.code == "policy_denied"
        assert letters.sent == 0
        await call_tool(app, "test.letter", {"to": "ben"})
        assert letters.sent == 1, "a person at the terminal writes the call"


@pytest.mark.requirement("TL-06", "GR-06")
async def test_no_tool_is_an_agents_program_because_of_how_its_name_begins(shop: Shop) -> None:
    letters = Letters("runtime.letter")
    shop.workflow(
        "w",
        "steps:\n  - {id: page, tool: test.page}\n"
        '  - {id: send, tool: runtime.letter, with: {to: "{{ steps.page.output }}"}}\n',
    )
    async with shop.open({"runtime.letter": letters, "test.page": Page()}) as app:
        run = (await app.starter.start("w", {})).run_id
        await app.run_until_idle(run)
        rulings = [
            one.payload.judgement.ruling
            for one in await app.histories.events(run)
            if isinstance(one.payload, PolicyVerdict)
        ]
    assert rulings == ["allow", "ask"]
    assert letters.sent == 0
