"""Advancing one run in a process of its own, so that only that process can die of it."""

import asyncio
import os
import signal
import sys

import msgspec

from kapell.kit.errors import Bug, Failure
from kapell.services.runs.ports import Claim


class SolitaryProcess:
    """Starts ``kapell.worker.alone`` for a run.

    Args:
        workspace: The workspace the process opens.
        worker: The name under which it owns the run: ours, since we hold the lease for it.
        timeout: Seconds it may take; what hangs is killed.
        module: What the process runs.
    """

    def __init__(
        self,
        workspace: str,
        worker: str,
        timeout: float = 300.0,
        module: str = "kapell.worker.alone",
    ) -> None:
        self._module = module
        self._workspace = workspace
        self._worker = worker
        self._timeout = timeout

    async def advance(self, claim: Claim) -> Failure | None:
        """Return how the process died, None when it ended well."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            self._workspace,
            self._worker,
            msgspec.json.encode(claim).decode(),
            stdin=asyncio.subprocess.DEVNULL,
            env=dict(os.environ),
        )
        try:
            async with asyncio.timeout(self._timeout):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            return _died(f"it did not end within {self._timeout:g} seconds")
        except asyncio.CancelledError:
            process.terminate()
            raise
        if code == 0:
            return None
        return _died(f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}")


def _died(how: str) -> Failure:
    return Failure.of(
        Bug(
            f"Advancing the run ended the process that did it ({how}).",
            code="run_poison",
            advice="Look at the run's last step, at memory and at tools; then retry or cancel.",
        )
    )
