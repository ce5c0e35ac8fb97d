"""Writes the table of faults in ``docs/how-to/routes-and-costs.md``, measured call by call.

Every fault is produced by the loopback provider over real HTTP, on every vendor's wire, once for a
whole answer and once for a stream; then the same inside a route with a second deployment behind.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from pydantic import SecretStr

from kapell.adapters.llm.factories import factories
from kapell.adapters.llm.settings import ProviderSettings
from kapell.adapters.system.clock import SystemClock
from kapell.core.gateway.calls import Message, ModelRequest
from kapell.core.gateway.routing.route import Deployment, Member, Route
from kapell.core.pricing.quote import Quote
from kapell.kit.errors import KapellError
from kapell.kit.ids import LOCAL
from kapell.services.gateway.door import Gateway
from kapell.services.gateway.routing.board import HealthBoard
from kapell.services.gateway.routing.router import Router
from kapell.testing.providers.call import WIRES, WireName
from kapell.testing.providers.faults import Fault, FaultKind
from kapell.testing.providers.server import API_VERSION, KEY, LoopbackProvider
from kapell.testing.stores.deployments import MemoryDeployments

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "how-to" / "routes-and-costs.md"
BEGIN, END = "<!-- faults: written by scripts/generate_faults.py -->", "<!-- end of faults -->"

MODELS: Mapping[WireName, str] = {
    "openai": "gpt-5-mini",
    "anthropic": "claude-haiku-4-5",
    "google": "gemini-2.5-flash",
    "ollama": "llama3.2",
    "azure": "gpt-4o",
}
Surrounding = Literal["no_key", "wrong_key", "unknown_model", "nobody_listens"]
"""What goes wrong before the provider answers anything."""

SAID: Mapping[FaultKind | Surrounding, str] = {
    "rate_limit": "429 with Retry-After",
    "quota": "429, the account is used up",
    "server_error": "500",
    "overloaded": "503",
    "away": "503 with Retry-After",
    "slow": "no answer in time",
    "cut": "the connection breaks in the answer",
    "ends_early": "the answer ends too early",
    "broken_json": "half a JSON body",
    "wrong_shape": "JSON of another shape",
    "html": "a web page",
    "empty": "an empty answer",
    "filtered": "the content filter stops it",
    "too_long": "the prompt is too long",
    "refused": "400, the request is refused",
    "no_key": "no key is set",
    "wrong_key": "the key is wrong",
    "unknown_model": "404, no such model",
    "nobody_listens": "nobody listens there",
}


class Outcome(NamedTuple):
    """What a caller sees: a code, or how the answer ended.

    ``asked`` is how many deployments were asked, ``again`` whether a step's ``retry`` would try it
    again.
    """

    seen: str
    asked: int = 1
    again: bool = False


class Free:
    """Everything costs nothing here."""

    def quote(self, model: str) -> Quote:
        """Return no price."""
        return Quote(model=model, input_price=0, output_price=0)


def _gateway(wire: WireName, model: str, settings: ProviderSettings, timeout: float) -> Gateway:
    """Return a gateway with a route ``chain``: the model, then the offline one."""
    members = (
        Member(Deployment(name=model, model=model, timeout=timeout)),
        Member(Deployment(name="offline", model="offline")),
    )
    clock = SystemClock()
    board = HealthBoard(MemoryDeployments(), LOCAL, clock)
    routes = {"chain": Route(name="chain", members=members)}
    router = Router(routes, board, Free(), clock, lambda: 0.0)
    return Gateway(factories({wire: settings}), router)


def _closed() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def _outcome(
    gateway: Gateway, model: str, within: float, on_delta: Callable[[str], None] | None
) -> Outcome:
    request = ModelRequest(
        model=model,
        messages=(Message("user", "Reply: my invoice is wrong, and so was the one before it"),),
        timeout=within,
    )
    try:
        answer = await gateway.complete(request, on_delta)
    except KapellError as error:
        return Outcome(error.code, again=error.retryable)
    asked = [one for one in answer.tries if one.outcome != "skipped"]
    seen = "an answer" if answer.finish == "stop" else f"an answer marked {answer.finish}"
    return Outcome(seen, max(len(asked), 1))


async def _one(
    provider: LoopbackProvider, wire: WireName, fault: FaultKind | Surrounding
) -> tuple[str, str, str]:
    """Return what is seen of one fault on one wire: by a caller, by its ``retry``, by a route."""
    timeout = 0.3 if fault == "slow" else 20.0
    model = f"{wire}:{'unknown-9' if fault == 'unknown_model' else MODELS[wire]}"
    gateway = _gateway(wire, model, _settings(provider, wire, fault), timeout)
    seen: list[Outcome] = []
    # The route first: what is learnt of a sick deployment would make it go elsewhere at once.
    for asked, on_delta in (("chain", None), (model, None), (model, lambda _: None)):
        provider.faults.clear()
        for kind in get_args(FaultKind):
            if kind == fault:
                provider.faults.add(Fault(kind=kind, wire=wire, seconds=30, times=None))
        limit = 20.0 if asked == "chain" else timeout
        seen.append(await _outcome(gateway, asked, limit, on_delta))
    await gateway.close()
    routed, whole, streamed = seen
    told = whole.seen if whole == streamed else f"{whole.seen}; streamed {streamed.seen}"
    again = "-" if " " in whole.seen else "tries again" if whole.again else "does not"
    return told, again, _routed(routed)


def _settings(
    provider: LoopbackProvider, wire: WireName, fault: FaultKind | Surrounding
) -> ProviderSettings:
    if fault == "no_key":
        # At an address of one's own, OpenAI's wire may do without a key.
        url = provider.base_url(wire) if wire in ("azure", "ollama") else ""
        return ProviderSettings(base_url=url, api_version=API_VERSION)
    return ProviderSettings(
        base_url=_closed() if fault == "nobody_listens" else provider.base_url(wire),
        api_key=SecretStr("sk-wrong" if fault == "wrong_key" else KEY),
        api_version=API_VERSION,
    )


def _routed(outcome: Outcome) -> str:
    if outcome.asked > 1:
        return "the next answers"
    return "-" if outcome.seen == "an answer" else "the same; nobody else is asked"


async def measured() -> list[list[str]]:
    """Return the rows of the table."""
    rows: list[list[str]] = []
    async with LoopbackProvider() as provider:
        for fault, said in SAID.items():
            found = [await _one(provider, wire, fault) for wire in WIRES]
            again = dict.fromkeys(one for _, one, _ in found if one != "-")
            routed = dict.fromkeys(one for _, _, one in found if one != "-")
            seen = [_cell(one) for one, _, _ in found]
            rows.append([said, *seen, " / ".join(again) or "-", " / ".join(routed)])
    return rows


def _cell(seen: str) -> str:
    return " ".join(
        f"`{word.rstrip(';')}`{';' if word.endswith(';') else ''}" if "_" in word else word
        for word in seen.split()
    )


def table(rows: list[list[str]]) -> str:
    """Return the table as it stands in the page."""
    heads = ["what goes wrong", *WIRES, "a step's `retry`", "a route"]
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(text: str, rows: list[list[str]]) -> str:
    """Return the page with the table between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, behind = rest.partition(END)
    return f"{before}{BEGIN}\n{table(rows)}\n{END}{behind}"


def main() -> None:
    """Write the table anew."""
    PAGE.write_text(page(PAGE.read_text("utf-8"), asyncio.run(measured())), "utf-8")


if __name__ == "__main__":
    main()
