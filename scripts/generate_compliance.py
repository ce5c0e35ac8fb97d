"""Writes the pages on compliance: NIST's AI RMF control by control, and risks by capability.

With ``--json`` it writes the same facts as data; `kapell audit report` adds a workspace's record.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from kapell.adapters.tools.specs import builtin_specs
from kapell.bootstrap.audit.reporting import framework, risks
from kapell.core.agents.reading import agent_of, read_agent
from kapell.core.audit.compliance.controls import WHO
from kapell.core.definitions.problems import Problems
from kapell.library import agent_names, agent_text

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "nist-ai-rmf.md"
RISK_PAGE = ROOT / "docs" / "explanation" / "risk-assessment.md"

_FAR = ("read", "write", "external")
_HEAD = """\
# NIST AI RMF, control by control

Generated from `src/kapell/library/compliance/nist-ai-rmf.toml`; do not edit. What each control of
NIST's AI Risk Management Framework (AI RMF 1.0) asks, in our own words, and what answers it: code,
tests that show it, and evidence you can take yourself. *Who* is Kapell where the product does it,
*both* where it gives the means and you use them, *you* where it is yours and Kapell gives
material at most. No product complies by itself: this page says what you can rely on, not what you
still have to decide. `kapell audit report` says the same of your own workspace, with what its
record shows (`--json` as data).
"""
_RISK_HEAD = """\
# Risks of what agents are able to do

Generated from `src/kapell/library/compliance/risks.toml` and the library's agents; do not edit.
Likelihood and gravity are those without any guard; what stops each is told with its code and tests
[here](../reference/nist-ai-rmf.md#mechanisms), attackers and their ways in
[there](threat-model.md). Agents of your own have capabilities of your own: assess them in the
same way before you let them act.
"""


class Agent(NamedTuple):
    """An agent as its risk is seen: what it is able to do, and how far its tools go."""

    name: str
    capabilities: tuple[str, ...]
    effects: str
    reaches: bool


def load() -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return mechanisms, controls and risks as they are written."""
    found = msgspec.to_builtins(framework())
    return found["mechanisms"], found["controls"], msgspec.to_builtins(risks())


def agents() -> Iterator[Agent]:
    """Yield the agents of the library."""
    specs = builtin_specs()
    for name in agent_names():
        file = read_agent(agent_text(name), f"agents/{name}.md", Problems())
        if file is None:
            raise SystemExit(f"the library's agent {name} cannot be read")
        agent = agent_of(file)
        mine = [one for one in specs if any(fnmatch(one.name, tool) for tool in agent.tools or ())]
        effects = max((one.effects for one in mine), key=_FAR.index, default="")
        reaches = any(one.reaches for one in mine)
        yield Agent(name, tuple(agent.capabilities), effects, reaches)


def report() -> dict[str, Any]:
    """Return everything as data, each control with the code, tests and evidence that answer it."""
    mechanisms, controls, assessed = load()
    rows = []
    for one in controls:
        means = [mechanisms[name] for name in one["mechanisms"]]
        facts = {
            key: sorted({item for each in means for item in each[key]})
            for key in ("code", "tests", "evidence")
        }
        rows.append({**one, **facts})
    named = [{**one, "agents": _able(one["capabilities"])} for one in assessed]
    counts = Counter(one["by"] for one in controls)
    return {"framework": "NIST AI RMF 1.0", "counts": counts, "controls": rows, "risks": named}


def page() -> str:
    """Return the page on the controls."""
    mechanisms, controls, _ = load()
    counts = Counter(one["by"] for one in controls)
    said = ", ".join(f"{counts[by]} {word}" for by, word in WHO.items())
    lines = [_HEAD, f"{len(controls)} controls: {said}."]
    for function in dict.fromkeys(one["id"].split()[0] for one in controls):
        lines += ["", f"## {function}", "", "| control | asks | who | answer | by |"]
        lines.append("|---|---|---|---|---|")
        for one in controls:
            if one["id"].startswith(function):
                links = ", ".join(f"[{name}](#{name})" for name in one["mechanisms"])
                who = WHO[one["by"]]
                lines.append(f"| {one['id']} | {one['asks']} | {who} | {one['answer']} | {links} |")
    lines += ["", "## Mechanisms"]
    for name, one in mechanisms.items():
        lines += ["", f"### {name}", "", f"{one['title']}.", ""]
        lines += [f"- code: {_listed(one['code'])}", f"- tests: {_listed(one['tests'])}"]
        lines.append(f"- evidence: {_listed(one['evidence'])}")
        if one["record"]:
            lines.append(f"- entries of the record: {_listed(one['record'])}")
    return "\n".join(lines) + "\n"


def risk_page() -> str:
    """Return the page on the risks."""
    _, _, assessed = load()
    lines = [_RISK_HEAD]
    for one in assessed:
        links = ", ".join(
            f"[{name}](../reference/nist-ai-rmf.md#{name})" for name in one["mechanisms"]
        )
        able = ", ".join(f"`{name}`" for name in _able(one["capabilities"]))
        lines += [f"## {one['title']}", ""]
        lines += [f"- capabilities: {', '.join(one['capabilities'])}", f"- agents: {able}"]
        lines.append(f"- likelihood {one['likelihood']}, gravity {one['gravity']}")
        lines += [f"- what can go wrong: {one['wrong']}", f"- what stops it: {links}"]
        lines += [f"- what is left: {one['left']}", ""]
    lines += ["## Agents", "", "| agent | able to | its tools change | reach outside |"]
    lines.append("|---|---|---|---|")
    for agent in agents():
        far = {"": "has none", "read": "nothing", "write": "the run's folder"}
        changes = far.get(agent.effects, "the world outside")
        reach = "yes" if agent.reaches or agent.effects == "external" else "no"
        lines.append(f"| `{agent.name}` | {', '.join(agent.capabilities)} | {changes} | {reach} |")
    return "\n".join(lines) + "\n"


def _able(capabilities: Sequence[str]) -> list[str]:
    return [one.name for one in agents() if set(one.capabilities) & set(capabilities)]


def _listed(items: Sequence[str]) -> str:
    return ", ".join(f"`{item}`" for item in items)


def main(words: Sequence[str]) -> None:
    """Write the pages, or the report to standard output."""
    if "--json" in words:
        found: Mapping[str, Any] = report()
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    PAGE.write_text(page(), "utf-8")
    RISK_PAGE.write_text(risk_page(), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
