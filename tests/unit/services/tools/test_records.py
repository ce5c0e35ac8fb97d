"""What the door adds to a call: secrets in, secrets out again, limits, and a record of all."""

import asyncio
from collections.abc import Mapping

import pytest

from kapell.core.tools.declaring import Trust
from kapell.core.tools.paths import PATH_MARK
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Denied, Failure, Invalid, KapellError, Unavailable
from kapell.kit.ids import LOCAL, RunId, TenantId
from kapell.kit.json import Json
from kapell.services.tools.executor import ToolExecutor
from kapell.services.tools.masking import LONGEST, MASK, Masking
from kapell.services.tools.ports import FetchBlob, ToolCall, ToolRecord, ToolResult
from kapell.testing.tools.worlds import MemoryBlobs, MemoryFolders

TOKEN = "tok-4711-secret-value"  # noqa: S105 - made up
PLACE: Json = {
    "type": "object",
    "required": ["path"],
    "additionalProperties": False,
    "properties": {
        "path": {"type": "string", PATH_MARK: True},
        "more": {"type": "array", "items": {"$ref": "#/$defs/Place"}},
        "either": {"anyOf": [{"type": "string", PATH_MARK: True}, {"type": "null"}]},
    },
    "$defs": {"Place": {"type": "object", "properties": {"at": {"type": "string", PATH_MARK: 1}}}},
}


class Told:
    """Does what the test says and keeps the call."""

    def __init__(self, spec: ToolSpec, result: ToolResult | KapellError | None = None) -> None:
        self.spec = spec
        self.result = result
        self.calls: list[ToolCall] = []

    async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
        self.calls.append(call)
        if isinstance(self.result, KapellError):
            raise self.result
        return self.result or ToolResult(output=call.args)


class Known:
    """A source that knows some secrets."""

    def __init__(self, **secrets: str) -> None:
        self._secrets = secrets

    def get(self, tenant_id: TenantId, name: str) -> str | None:
        return self._secrets.get(name)

    def advice(self, name: str) -> str:
        return f"Set {name}."


def spec(args: Json = None, **more: object) -> ToolSpec:
    found: Mapping[str, object] = {
        "name": "test.told",
        "description": "Told.",
        "args": args or {"type": "object"},
        **more,
    }
    return ToolSpec(**found)  # type: ignore[arg-type]  # fields by name, as the test wants them


def request(args: Json = None, within: float | None = None) -> ToolCall:
    return ToolCall(
        tenant_id=LOCAL,
        run_id=RunId("r1"),
        call="s#1/1",
        tool="test.told",
        args={} if args is None else args,
        key="k1",
        timeout=within,
        workspace="/ws",
        folder="/ws/.kapell/runs/r1",
    )


class Door:
    """One tool behind the door, with everything that is told of its calls."""

    def __init__(self, tool: Told, **secrets: str) -> None:
        self.tool = tool
        self.records: list[ToolRecord] = []
        self.executor = ToolExecutor(
            {tool.spec.name: tool},
            MemoryBlobs(),
            MemoryFolders(),
            secrets=Known(**secrets),
            observe=self.records.append,
        )

    async def call(self, args: Json = None, within: float | None = None) -> ToolResult:
        return await self.executor.call(request(args, within))

    async def refused(self, args: Json) -> KapellError:
        with pytest.raises(KapellError) as caught:
            await self.call(args)
        assert caught.value.advice
        assert self.tool.calls == []
        return caught.value


@pytest.mark.requirement("TL-04")
async def test_everything_wrong_is_told_as_data_with_what_was_expected() -> None:
    schema: Json = {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 2},
            "count": {"type": "integer", "minimum": 1, "maximum": 9, "description": "How many."},
            "mode": {"enum": ["slow", "fast"]},
            "maybe": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]},
            "items": {"type": "array", "items": {"type": "object", "required": ["id"]}},
        },
    }
    error = await Door(Told(spec(schema))).refused(
        {"nam": "x", "count": 12, "mode": "swift", "maybe": -1, "items": [{"id": 1}, {}]}
    )
    found = {flaw.at: flaw for flaw in error.flaws}
    assert {at: flaw.rule for at, flaw in found.items()} == {
        "name": "missing",
        "nam": "unknown",
        "count": "range",
        "mode": "choice",
        "maybe": "range",
        "items.1.id": "missing",
    }
    assert found["nam"].nearest == "name"
    assert found["count"].expected == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "description": "How many.",
    }
    assert found["mode"].expected == {"enum": ["slow", "fast"]}
    assert found["name"].expected == {"type": "string", "minLength": 2}
    assert Failure.of(error).flaws == error.flaws
    assert KapellError.from_failure(Failure.of(error)).flaws == error.flaws


@pytest.mark.requirement("TL-06")
@pytest.mark.parametrize(
    ("args", "at"),
    [
        ({"path": "../x"}, "path"),
        ({"path": "/etc/passwd"}, "path"),
        ({"path": "a/../../x"}, "path"),
        ({"path": "a\x00b"}, "path"),
        ({"path": "/ws/../etc/passwd"}, "path"),
        ({"path": "x" * 300}, "path"),
        ({"path": "ok", "more": [{"at": "fine"}, {"at": "../up"}]}, "more.1.at"),
        ({"path": "ok", "either": "../up"}, "either"),
    ],
)
async def test_paths_that_lead_outside_never_reach_the_tool(args: Json, at: str) -> None:
    error = await Door(Told(spec(PLACE))).refused(args)
    assert isinstance(error, Denied)
    assert error.code == "path_outside"
    assert [(flaw.at, flaw.rule) for flaw in error.flaws] == [(at, "path")]


@pytest.mark.parametrize(
    "args",
    [
        {"path": "a/b.txt", "either": None},
        {"path": "/ws/data/b.txt", "more": [{"at": "x/./y"}]},
        {"path": "/ws/.kapell/runs/r1/b..txt"},
    ],
)
async def test_paths_inside_pass(args: Json) -> None:
    assert (await Door(Told(spec(PLACE))).call(args)).output == args


@pytest.mark.requirement("TL-06")
async def test_what_is_too_large_for_the_tool_is_stopped_before_and_after() -> None:
    small = Door(Told(spec(args_bytes=100)))
    error = await small.refused({"text": "x" * 200})
    assert [flaw.rule for flaw in error.flaws] == ["size"]
    talkative = Door(Told(spec(result_bytes=100), ToolResult(output="x" * 200)))
    with pytest.raises(Invalid) as caught:
        await talkative.call()
    assert caught.value.code == "tool_result_too_large"


async def test_the_tools_own_timeout_holds_where_the_step_says_nothing() -> None:
    class Waiting(Told):
        async def call(self, call: ToolCall, blob: FetchBlob) -> ToolResult:
            await asyncio.Event().wait()
            return ToolResult(output=None)

    with pytest.raises(Unavailable, match=r"0\.01 s"):
        await Door(Waiting(spec(timeout=0.01))).call()
    with pytest.raises(Unavailable, match=r"0\.02 s"):
        await Door(Waiting(spec(timeout=60.0))).call(within=0.02)


@pytest.mark.requirement("TL-06")
async def test_a_secret_reaches_the_tool_and_nobody_else() -> None:
    leaky = Told(
        spec(secrets=("crm_token",)), ToolResult(output={"echo": [f"Bearer {TOKEN}"], TOKEN: 1})
    )
    door = Door(leaky, crm_token=TOKEN)
    result = await door.call({"note": f"use {TOKEN}"})
    assert leaky.calls[0].secrets == {"crm_token": TOKEN}
    assert TOKEN not in repr(leaky.calls[0])
    assert TOKEN not in repr(result)
    assert result.output == {"echo": ["Bearer [secret]"], "[secret]": 1}
    leaky.result = Unavailable(f"401 for {TOKEN}", code="x", advice=f"renew {TOKEN}")
    with pytest.raises(Unavailable) as caught:
        await door.call()
    assert TOKEN not in f"{caught.value} {caught.value.args}"
    assert TOKEN not in repr(door.records)


async def test_a_secret_that_is_not_set_stops_the_call() -> None:
    error = await Door(Told(spec(secrets=("crm_token",)))).refused({})
    assert error.code == "secret_missing"
    assert error.advice.startswith("Set crm_token.")


@pytest.mark.requirement("TL-07")
async def test_every_call_leaves_a_record_of_what_it_was_given_and_cost() -> None:
    door = Door(Told(spec(cost=7, trust="untrusted", effects="external")))
    result = await door.call({"query": "x", "password": "hunter2", "text": "y" * 5000})
    record = result.record
    assert record is not None
    assert (result.trust, result.cost) == ("untrusted", 7)
    assert (record.trust, record.cost, record.effects) == ("untrusted", 7, "external")
    assert record.size == len('{"password":"hunter2","query":"x","text":""}') + 5000
    assert record.seconds > 0
    assert isinstance(record.args, Mapping)
    assert record.args["password"] == MASK
    assert len(str(record.args["text"])) < LONGEST + 50
    door.tool.result = Unavailable("down", code="test_down", advice="wait")
    with pytest.raises(Unavailable):
        await door.call()
    assert [one.code for one in door.records] == ["", "test_down"]
    assert door.records[1].cost == 0
    door.tool.result = ToolResult(output=1, cost=9)
    assert (await door.call()).cost == 9  # it knows better than what was declared of it


@pytest.mark.parametrize(
    ("declared", "told", "expected"),
    [
        ("trusted", None, "trusted"),
        ("trusted", "untrusted", "untrusted"),
        ("untrusted", "trusted", "untrusted"),
    ],
)
async def test_a_tool_may_lower_the_trust_of_what_it_returns_and_never_raise_it(
    declared: Trust, told: Trust | None, expected: Trust
) -> None:
    tool = Told(spec(trust=declared), ToolResult(output=1, trust=told))
    assert (await Door(tool).call()).trust == expected


def test_arguments_are_shown_without_what_schema_name_or_text_say_to_be_secret() -> None:
    schema: Json = {
        "type": "object",
        "properties": {
            "pin": {"type": "string", "writeOnly": True},
            "perhaps": {"anyOf": [{"type": "string", "format": "password"}, {"type": "null"}]},
            "not_given": {"anyOf": [{"type": "string", "format": "password"}, {"type": "null"}]},
            "named": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Hidden"}},
            "pair": {"prefixItems": [{}, {"$ref": "#/$defs/Hidden"}]},
        },
        "$defs": {"Hidden": {"type": "string", "writeOnly": True}},
    }
    args: Json = {
        "pin": "1234",
        "perhaps": "5678",
        "not_given": None,
        "named": {"one": "9012"},
        "pair": ["open", "3456"],
        "api_key": "abc",
        "headers": {"Authorization": "Basic abcdefgh", "Accept": "x"},
        "text": "the header was Bearer abcdefghijkl",
        "tokens": 5,
    }
    assert Masking().shown_arguments(spec(schema), args) == {
        "pin": "[secret]",
        "perhaps": "[secret]",
        "not_given": None,
        "named": {"one": "[secret]"},
        "pair": ["open", "[secret]"],
        "api_key": "[secret]",
        "headers": {"Authorization": "[secret]", "Accept": "x"},
        "text": "the header was Bearer [redacted]",
        "tokens": 5,
    }
