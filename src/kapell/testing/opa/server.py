"""The loopback OPA itself: modules by name, documents of ``data`` by path."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote

from kapell.core.definitions.problems import DefinitionInvalid
from kapell.kit.errors import KapellError
from kapell.services.policies.ports import Judge, Sources
from kapell.testing.providers.http import Reply, Request
from kapell.testing.providers.listening import Listening

_POLICIES = "/v1/policies"
_DATA = "/v1/data/"
_OURS = "kapell/"


class Compile(Protocol):
    """Makes modules ready, all of them together."""

    async def compile(self, sources: Sources) -> Judge:
        """Return who judges by modules. Raises DefinitionInvalid."""
        ...


class LoopbackOpa(Listening):
    """Speaks OPA's interface; use it as ``async with LoopbackOpa(compiler) as opa:``.

    It judges by the modules below ``kapell/`` and keeps the others.

    Args:
        compiler: Who evaluates Rego for it.
        token: What has to be shown as bearer; empty: nothing.

    Attributes:
        modules: The modules it was given, by name.
        asked: Method and path of every request.
        broken: Answers that it gives in place of its own, one each: a status and a body.
    """

    def __init__(self, compiler: Compile, token: str = "") -> None:
        super().__init__()
        self._compiler = compiler
        self._token = token
        self._judge: Judge | None = None
        self.modules: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.broken: list[tuple[int, bytes]] = []

    @property
    def url(self) -> str:
        """Return the address to set as ``policies.opa.url``."""
        return self.origin

    async def _serve(self, request: Request, reply: Reply) -> None:
        self.asked.append((request.method, request.path))
        if self.broken:
            status, body = self.broken.pop(0)
            await reply.send(status, body)
            return
        if self._token and request.headers.get("authorization") != f"Bearer {self._token}":
            await _send(reply, 401, {"code": "unauthorized"})
            return
        path = unquote(request.path)
        if path == _POLICIES:
            listed = [{"id": name, "raw": text} for name, text in self.modules.items()]
            await _send(reply, 200, {"result": listed})
        elif path.startswith(f"{_POLICIES}/"):
            await _send(reply, *await self._changed(request, path[len(_POLICIES) + 1 :]))
        elif path.startswith(_DATA) and request.method == "POST":
            await _send(reply, *await self._evaluated(request, path[len(_DATA) :]))
        else:
            await _send(reply, 404, {"code": "resource_not_found"})

    async def _changed(self, request: Request, name: str) -> tuple[int, object]:
        if request.method == "DELETE":
            self._judge = None
            found = self.modules.pop(name, None)
            return (404, {"code": "resource_not_found"}) if found is None else (200, {})
        try:
            await self._compiler.compile({_path(name): request.body.decode()})
        except DefinitionInvalid as error:
            # Modules come one by one: what another one defines is not there yet.
            wrong = [one for one in error.problems if one.code == "policy_syntax"]
            if wrong:
                return 400, _refused(wrong)
        self._judge = None
        self.modules[name] = request.body.decode()
        return 200, {}

    async def _evaluated(self, request: Request, path: str) -> tuple[int, object]:
        strict = parse_qs(request.query).get("strict-builtin-errors") == ["true"]
        if self._judge is None:
            self._judge = await self._compiler.compile(
                {_path(name): text for name, text in self.modules.items() if name.startswith(_OURS)}
            )
        package = path.replace("/", ".")
        if package not in self._judge.packages:
            return 200, {}
        try:
            found = await self._judge.evaluate([package], json.loads(request.body)["input"])
        except KapellError:
            return (500, {"code": "internal_error"}) if strict else (200, {"result": {}})
        return 200, {"result": found[package]}


def _path(name: str) -> str:
    """Return the path of the file that a module was put there from."""
    return name.removeprefix(_OURS)


def _refused(problems: Sequence[Any]) -> Mapping[str, object]:
    return {
        "code": "invalid_parameter",
        "message": "error(s) occurred while compiling module(s)",
        "errors": [
            {
                "code": "rego_parse_error",
                "message": one.message,
                "location": {"row": one.place.line, "col": one.place.column},
            }
            for one in problems
        ],
    }


async def _send(reply: Reply, status: int, value: object) -> None:
    body = json.dumps(value).encode()
    await reply.send(status, body)
