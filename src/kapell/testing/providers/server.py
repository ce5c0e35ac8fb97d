"""The loopback provider itself: one server, five vendors' paths, a channel to control it."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kapell.core.gateway.providers import PROVIDERS
from kapell.kit.errors import KapellError
from kapell.testing.providers.call import WIRES, Answerer, WireName, by_offline_model
from kapell.testing.providers.faults import Fault, Faults
from kapell.testing.providers.http import Reply, Request
from kapell.testing.providers.listening import Listening
from kapell.testing.providers.record import Record
from kapell.testing.providers.spoil import spoil
from kapell.testing.providers.wires.anthropic import AnthropicWire
from kapell.testing.providers.wires.google import GoogleWire
from kapell.testing.providers.wires.openai import OpenAiWire
from kapell.testing.providers.wires.wire import Wire, refused_tool

KEY = "loopback-key"
"""The key the loopback provider accepts."""

API_VERSION = "2024-10-21"
_BASES: Mapping[WireName, str] = {
    "openai": "/openai/v1",
    "anthropic": "/anthropic",
    "google": "/google",
    "ollama": "/ollama/v1",
    "azure": "/azure",
}
_ENDINGS = {
    "openai": "/chat/completions",
    "anthropic": "/v1/messages",
    "google": "GenerateContent",
    "ollama": "/chat/completions",
    "azure": "/chat/completions",
}


class LoopbackProvider(Listening):
    """Serves all five vendors' wires on one loopback port.

    Use it as ``async with LoopbackProvider() as provider:``.

    Args:
        answerer: Computes answers; the offline model unless given.
        log: File in which every request is written down.
        port: 0 takes a free one.

    Attributes:
        faults: What shall go wrong.
        record: What was asked.
        asked: Set by the first call; clear it to wait for another.
    """

    def __init__(
        self, answerer: Answerer = by_offline_model, log: Path | None = None, port: int = 0
    ) -> None:
        self.answerer = answerer
        self.faults = Faults()
        self.record = Record(log)
        self.asked = asyncio.Event()
        super().__init__(port)
        self._wires: dict[WireName, Wire] = {
            "openai": OpenAiWire("openai"),
            "anthropic": AnthropicWire(),
            "google": GoogleWire(),
            "ollama": OpenAiWire("ollama"),
            "azure": OpenAiWire("azure"),
        }

    @property
    def url(self) -> str:
        """Return the address of the server."""
        return self.origin

    def base_url(self, wire: WireName) -> str:
        """Return the base URL to give a vendor's adapter."""
        return self.url + _BASES[wire]

    def environment(self) -> dict[str, str]:
        """Return environment variables that send every provider here."""
        return environment(self.url)

    async def _serve(self, request: Request, reply: Reply) -> None:
        if request.path.startswith("/control/"):
            await self._control(request, reply)
            return
        name = next((wire for wire in WIRES if request.path.startswith(f"/{wire}/")), None)
        ending = _ENDINGS[name].lower() if name else ""
        if name is None or request.method != "POST" or not request.path.lower().endswith(ending):
            await reply.send(404, b'{"error": {"message": "no such path", "code": "not_found"}}')
            return
        await self._answer(self._wires[name], request, reply)

    async def _answer(self, wire: Wire, request: Request, reply: Reply) -> None:
        try:
            body = json.loads(request.body)
        except ValueError:
            await _refuse(wire, reply, 400, "invalid_json", "The body is not JSON.")
            return
        call = wire.read(request, body if isinstance(body, dict) else {})
        self.record.note("received", call)
        self.asked.set()
        if (key := wire.key(request)) is not None and key != KEY:
            await _refuse(wire, reply, 401, "invalid_api_key", "The key is not valid.")
            return
        if call.model.startswith("unknown"):
            await _refuse(wire, reply, 404, "model_not_found", "The model does not exist.")
            return
        if (refusal := refused_tool(call)) is not None:
            await _refuse(wire, reply, 400, "invalid_function_parameters", refusal)
            return
        try:
            answer = self.answerer(call)
        except KapellError as error:
            await _refuse(wire, reply, 400, error.code, error.message)
            return
        fault = self.faults.take(call)
        if fault is not None:
            self.record.note("spoiled", call, fault.kind)
            spoiled = await spoil(fault, wire, call, answer, reply)
            if spoiled is None:
                return
            answer = spoiled
        if call.stream:
            await reply.start()
            for piece in wire.pieces(call, answer):
                await reply.piece(piece)
            await reply.end()
        else:
            await reply.send(200, json.dumps(wire.whole(call, answer)).encode())
        self.record.note("answered", call)

    async def _control(self, request: Request, reply: Reply) -> None:
        """Serve other processes: counts, the record, faults to come."""
        if request.path == "/control/counts":
            counts = {"received": self.record.received(), "answered": self.record.answered()}
            await reply.send(200, msgspec.json.encode(counts))
        elif request.path == "/control/record":
            await reply.send(200, msgspec.json.encode(self.record.entries))
        elif request.path == "/control/faults" and request.method == "POST":
            self.faults.add(msgspec.json.decode(request.body, type=Fault))
            await reply.send(200, b"{}")
        elif request.path == "/control/faults" and request.method == "DELETE":
            self.faults.clear()
            await reply.send(200, b"{}")
        else:
            await reply.send(404, b"{}")


async def _refuse(wire: Wire, reply: Reply, status: int, code: str, message: str) -> None:
    await reply.send(status, json.dumps(wire.error(status, code, message)).encode())


def environment(url: str) -> dict[str, str]:
    """Return environment variables that send every provider to a loopback provider at ``url``."""
    made: dict[str, str] = {}
    for wire in WIRES:
        provider = PROVIDERS[wire]
        made[provider.base_url_name] = url + _BASES[wire]
        made[provider.key_names[0]] = KEY
        if provider.version_name:
            made[provider.version_name] = API_VERSION
    return made
