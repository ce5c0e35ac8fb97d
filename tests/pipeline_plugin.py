"""Fails a session in which a call of an app went around the content guards.

``fixtures/pipeline.py`` counts, in every process; this adds up at the end and says how many there
were. With xdist the controller does: workers and their children count into its folder.
"""

import os
import tempfile
from pathlib import Path

import pytest

from tests.fixtures import pipeline


class Adder:
    """Adds up what all processes of a session counted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the session fail when a call went around."""
        if pipeline.counted(self._folder)["around"]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how many calls there were."""
        found = pipeline.counted(self._folder)
        if found["around"]:
            terminalreporter.write_line(
                f"ERROR: {found['around']} calls of apps went AROUND the content guards", red=True
            )
        if found["models"] or found["tools"]:
            terminalreporter.write_line(
                f"{found['models']} model calls and {found['tools']} tool calls of apps passed "
                "the content guards"
            )


def pytest_configure(config: pytest.Config) -> None:
    """Open a place to count in, unless in a worker of xdist, which has its controller's."""
    if hasattr(config, "workerinput"):
        return
    folder = tempfile.TemporaryDirectory(prefix="kapell-pipeline-")
    config.add_cleanup(folder.cleanup)
    os.environ[pipeline.FOLDER] = folder.name
    config.pluginmanager.register(Adder(Path(folder.name)), "kapell-pipeline")
