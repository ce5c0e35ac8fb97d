"""The whole default pipeline over a message, as an open app lets it pass on the way to a model.

All gates of the door to models: what is found is judged and replaced by names, the values lie
sealed in SQLite, policies judge the request. ``short_ms`` and ``long_ms`` are a message of a
conversation whose people have names already, no two messages the same; ``answer_ms`` an answer of
200 characters on its way back; ``first_ms`` a message with three values nobody had before, which
are on the disk before a model sees their names. ``look_ms`` is the look alone, nothing replaced.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter

from measuring import sample  # type: ignore[import-not-found]  # beside this script

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from texts import LONG, NAMED, SHORT, WARM, differing, options  # type: ignore[import-not-found]  # the same

from kapell.bootstrap.app import App, open_app
from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest
from kapell.core.guardrails.looking import look
from kapell.core.guardrails.profiles import DEFAULT
from kapell.core.policies.caller import Caller
from kapell.core.policies.notes import unnoted
from kapell.kit.ids import LOCAL


def request(text: str) -> ModelRequest:
    """Return a message of a stranger in the one conversation."""
    caller = Caller(tenant=LOCAL, labels={"": ("user", "web")}, profile="default")
    return ModelRequest(
        model="offline",
        messages=(Message("user", text),),
        tenant=LOCAL,
        conversation="talk",
        caller=caller,
    )


async def out(app: App, text: str) -> None:
    """Let a message pass to a model."""
    asked = request(text)
    for gate in app.gates.models:
        asked = await gate.before(asked, unnoted)


async def back(app: App, text: str) -> None:
    """Let an answer pass to people."""
    asked, answer = request(text), ModelAnswer(text=text, model="offline")
    for gate in reversed(app.gates.models):
        answer = await gate.after(asked, answer, unnoted)


async def timed(metric: str, count: int, text: str, act: Callable[[str], Awaitable[None]]) -> None:
    """Say how long each of so many differing texts takes."""
    for number, one in enumerate(differing(text, count, metric[0])):
        began = perf_counter()
        await act(one)
        if number >= WARM:
            sample(metric, (perf_counter() - began) * 1000)


async def first(app: App, count: int) -> None:
    """Say how long a message takes whose values are new to the conversation."""
    for number in range(count + WARM):
        text = SHORT.replace("jane", f"jane{number}").replace("234-5678", f"234-{number:04}")
        began = perf_counter()
        await out(app, text)
        if number >= WARM:
            sample("first_ms", (perf_counter() - began) * 1000)


async def measure(folder: Path, count: int) -> None:
    """Measure all of it in one workspace."""
    (folder / ".kapell").mkdir(exist_ok=True)
    (folder / "kapell.yaml").write_text("model: offline\n", "utf-8")
    async with open_app(folder) as app:
        for name, text in NAMED:
            await timed(f"{name}_ms", count, text, lambda one: out(app, one))
        await timed("answer_ms", count, SHORT, lambda one: back(app, one))
        await first(app, count)
    for number, one in enumerate(differing(LONG, count)):
        began = perf_counter()
        look(one, DEFAULT.rules)
        if number >= WARM:
            sample("look_ms", (perf_counter() - began) * 1000)


def main() -> None:
    """Measure once."""
    asked = options()
    asyncio.run(measure(asked.folder, asked.count))


if __name__ == "__main__":
    main()
