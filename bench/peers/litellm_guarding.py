"""LiteLLM's Presidio hook on the same texts, with Presidio's plain analyzer behind it on loopback.

One process and no proxy around it: the hook alone, as its proxy calls it for each message.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from litellm.proxy.guardrails.guardrail_hooks.presidio import _OPTIONAL_PresidioPIIMasking  # type: ignore[import-not-found]  # of the peer
from measuring import sample  # type: ignore[import-not-found]  # beside this script
from texts import NAMED, WARM, differing, options  # type: ignore[import-not-found]  # the same

HERE = Path(__file__).resolve().parent
PRESIDIO = HERE.parent / ".envs" / "presidio" / "bin" / "python"


@contextmanager
def presidio() -> Iterator[str]:
    """Yield the address of a running Presidio."""
    command = [str(PRESIDIO), str(HERE / "presidio_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


async def measure(at: str, count: int) -> None:
    """Measure both texts, masked as the hook does it where nothing else is set."""
    hook = _OPTIONAL_PresidioPIIMasking(
        presidio_analyzer_api_base=at, presidio_anonymizer_api_base=at, output_parse_pii=True
    )
    for name, text in NAMED:
        for number, one in enumerate(differing(text, count)):
            began = perf_counter()
            masked = await hook.check_pii(
                text=one,
                output_parse_pii=True,
                presidio_config=None,
                request_data={"metadata": {}},
            )
            if number >= WARM:
                sample(f"{name}_ms", (perf_counter() - began) * 1000)
            if "jane.doe" in masked:
                raise SystemExit("nothing was masked")
    await hook._close_http_session()


def main() -> None:
    """Measure once."""
    with presidio() as at:
        asyncio.run(measure(at, options().count))


if __name__ == "__main__":
    main()
