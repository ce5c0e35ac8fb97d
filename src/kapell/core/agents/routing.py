"""Which agent a task is for, by its words alone: a choice that needs no model and explains itself.

It is what remains when nothing cleverer answers. A word counts by where it stands: most when it is
one of the trades below or part of an agent's name, less among its capabilities and tags, least in
its description.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kapell.core.agents.definition import Agent

TRADES: Mapping[str, str] = {
    "backend-api": "api apis endpoint endpoints rest graphql backend server route handler fastapi "
    "flask django microservice webhook",
    "frontend-ui": "frontend ui ux interface component components react vue svelte css html page "
    "button form layout browser accessibility",
    "database": "database databases sql schema table migration migrations query queries index "
    "postgres postgresql sqlite mysql",
    "testing": "test tests testing pytest unittest coverage regression e2e fixture",
    "deployment": "deploy deploys deployment release rollout docker kubernetes ci cd pipeline "
    "helm staging production",
    "coder": "code implement refactor bug fix function class patch diff script program",
    "researcher": "research investigate find sources cite compare survey study web search evidence",
    "critic": "critique review criticise criticize weakness flaws feedback",
    "judge": "judge decide rate score rank winner verdict grade",
    "planner": "plan roadmap milestones steps schedule breakdown",
    "indexer": "index catalogue inventory catalog tag folder documents",
    "triager": "triage ticket tickets urgent urgency sort support",
    "writer": "write reply letter email text draft blog article newsletter",
    "summariser": "summarise summarize summary shorten condense",
    "extractor": "extract fields facts parse invoice",
    "orchestrator": "orchestrate coordinate delegate several teams",
}
"""What agents of the library are asked for, in words; others are found by what they say."""

LAST_RESORT = ("orchestrator", "master", "executor")
"""Who gets a task that no word speaks for, the first there is."""

_WORD = re.compile(r"[a-z][a-z0-9+#-]*")
_WEIGHTS = {"trade": 3.0, "name": 3.0, "capability": 2.0, "tag": 2.0, "description": 0.5}
_EMPTY = frozenset(
    word
    for line in (
        "a an and are as at be by for from has have in into is it its of on or our so that the",
        "their them they this to we what when which who will with you your agent please new my",
        "one some any all make do does get give out not no if how use",
    )
    for word in line.split()
)


class Reason(msgspec.Struct, frozen=True):
    """A word of the task and where the agent has it."""

    word: str
    where: str
    weight: float


class Candidate(msgspec.Struct, frozen=True):
    """An agent with what speaks for it."""

    agent: str
    score: float
    reasons: tuple[Reason, ...]


class Choice(msgspec.Struct, frozen=True):
    """Who gets a task. ``certain`` is False when no word spoke for anybody."""

    agent: str
    certain: bool
    why: str
    candidates: tuple[Candidate, ...]


def route(task: str, agents: Sequence[Agent]) -> Choice | None:
    """Return who gets a task; None when there is no agent at all."""
    if not agents:
        return None
    words = list(dict.fromkeys(_words(task)))
    scored = (_candidate(agent, words) for agent in agents)
    found = sorted(
        (one for one in scored if one.score > 0),
        key=lambda one: (-one.score, _first(one, words), one.agent),
    )
    if found:
        best = found[0]
        said = ", ".join(f"{one.word!r} ({one.where})" for one in best.reasons[:5])
        return Choice(best.agent, True, f"its words speak for it: {said}", tuple(found))
    names = [agent.name for agent in agents]
    agent = next((name for name in LAST_RESORT if name in names), _widest(agents))
    return Choice(agent, False, "no word of the task speaks for anybody else", ())


def _widest(agents: Sequence[Agent]) -> str:
    """Return an agent to fall back to: an orchestrator if there is one, else the first by name."""
    order = {"orchestrator": 0, "specialist": 1, "worker": 2}
    return min(agents, key=lambda one: (order[one.tier], one.name)).name


def _candidate(agent: Agent, words: Iterable[str]) -> Candidate:
    places: tuple[tuple[str, frozenset[str]], ...] = (
        ("trade", frozenset(map(_stem, TRADES.get(agent.name, "").split()))),
        ("name", _stems(agent.name.replace("_", "-").replace("-", " "))),
        ("capability", _stems(" ".join(agent.capabilities).replace("-", " "))),
        ("tag", _stems(" ".join(agent.tags).replace("-", " "))),
        ("description", _stems(agent.description)),
    )
    reasons = []
    for word in words:
        where = next((name for name, known in places if _stem(word) in known), None)
        if where is not None:
            reasons.append(Reason(word, where, _WEIGHTS[where]))
    reasons.sort(key=lambda one: -one.weight)
    return Candidate(agent.name, sum(one.weight for one in reasons), tuple(reasons))


def _first(candidate: Candidate, words: Sequence[str]) -> int:
    return min(words.index(one.word) for one in candidate.reasons)


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in _EMPTY]


def _stems(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _words(text))


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
