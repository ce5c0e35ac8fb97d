"""Records which test shows which requirement, and how it went, for the traceability page.

``@pytest.mark.requirement("DX-05", "WF-05")`` names requirements of
``docs/reference/requirements.tsv``; an unknown id stops the collection. Results are kept in
``.traceability/cases.json`` (never committed) and merged: a run of one file renews what it
ran, a whole run begins anew. ``scripts/traceability.py`` writes the page from it. Works with
xdist: marks travel to the controller as user properties of each report.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

RESULTS = Path(".traceability/cases.json")
PAGE = Path("docs/reference/traceability.md")
REQUIREMENTS = Path("docs/reference/requirements.tsv")
_PROPERTY = "requirement"
_RANK = {"passed": 0, "skipped": 1, "failed": 2}
"""Of one case; over cases they are counted, for one that was skipped says nothing of the others."""


def known_requirements(root: Path) -> dict[str, str]:
    """Return id and text of every requirement there is."""
    lines = (root / REQUIREMENTS).read_text("utf-8").splitlines()[1:]
    return {row[0]: row[2] for row in (line.split("\t") for line in lines)}


def function_id(nodeid: str) -> str:
    """Return the test's id without its parameters and without an xdist group."""
    path, _, name = nodeid.partition("::")
    return f"{path}::{name.partition('[')[0].partition('@')[0]}"


class Recorder:
    """Collects the outcomes of marked tests of one session."""

    def __init__(self, config: pytest.Config) -> None:
        self._root = config.rootpath
        self._known = known_requirements(config.rootpath)
        self._outcomes: dict[str, dict[str, str]] = {}
        self._reasons: dict[str, set[str]] = {}
        self._marks: dict[str, set[str]] = {}
        self._ran: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Turn marks into properties that travel with the reports."""
        for item in items:
            for mark in item.iter_markers("requirement"):
                for requirement in mark.args:
                    if requirement not in self._known:
                        raise pytest.UsageError(
                            f"{item.nodeid}: no requirement {requirement!r} in {REQUIREMENTS}"
                        )
                    item.user_properties.append((_PROPERTY, requirement))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep each case's worst outcome over its phases, and why it was skipped."""
        name = function_id(report.nodeid)
        self._ran.add(name)
        marks = {str(value) for key, value in report.user_properties if key == _PROPERTY}
        if not marks or (report.when != "call" and report.outcome == "passed"):
            return
        self._marks.setdefault(name, set()).update(marks)
        cases = self._outcomes.setdefault(name, {})
        before = cases.get(report.nodeid, "passed")
        cases[report.nodeid] = max(before, report.outcome, key=lambda outcome: _RANK[outcome])
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = str(report.longrepr[2]).removeprefix("Skipped: ")
            self._reasons.setdefault(name, set()).add(reason)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Merge this session's results into the file, unless a worker of xdist."""
        if hasattr(session.config, "workerinput") or not self._outcomes:
            return
        path = self._root / RESULTS
        path.parent.mkdir(exist_ok=True)
        whole = session.config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (
            session.config.option.keyword or session.config.option.markexpr
        )
        kept = {
            name: entry
            for name, entry in ({} if whole else read_results(self._root)).items()
            if name not in self._ran and (self._root / name.partition("::")[0]).exists()
        }
        for name, cases in self._outcomes.items():
            kept[name] = {
                "cases": dict(Counter(cases.values())),
                "reasons": sorted(self._reasons.get(name, ())),
                "requirements": sorted(self._marks[name]),
            }
        path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", "utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say when the page lacks a test that carries a mark."""
        path = self._root / PAGE
        page = path.read_text("utf-8") if path.exists() else ""
        missing = [name for name in self._outcomes if f"`{name}`" not in page]
        if missing:
            terminalreporter.write_line(f"{PAGE} lacks {len(missing)} marked tests: run make docs")


def read_results(root: Path) -> dict[str, dict[str, object]]:
    """Return what earlier sessions recorded; nothing when there was none."""
    path = root / RESULTS
    if not path.exists():
        return {}
    loaded = json.loads(path.read_text("utf-8"))
    return loaded if isinstance(loaded, dict) else {}


def pytest_configure(config: pytest.Config) -> None:
    """Attach one recorder per process."""
    config.pluginmanager.register(Recorder(config), "kapell-traceability")
