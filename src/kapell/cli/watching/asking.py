"""Asks the person at the terminal what a run wants to know."""

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path

from kapell.cli.screen import Screen
from kapell.core.approvals.showing import as_text, visible
from kapell.core.guardrails.labels import untrusted
from kapell.kit.json import Json
from kapell.kit.money import text as money
from kapell.services.approvals.desk import Shown

_CHOICES = "[a]pprove, [r]eject, [e]dit, [l]ater?"
_CHOICES_FIXED = "[a]pprove, [r]eject, [l]ater?"
_CHOICES_EDITED = "[a]pprove as changed, [r]eject, [e]dit again, [l]ater?"
_DEPTH = 5
"""Objects within objects that have lines of their own; deeper ones are shown as JSON."""


class Choice(Enum):
    """What somebody said."""

    APPROVE = "a"
    REJECT = "r"
    EDIT = "e"
    LATER = "l"


class Answered:
    """A person's answer to one approval; ``data`` holds what they changed.

    Who edits has not answered yet: they look at what they changed first.
    """

    def __init__(self, choice: Choice, note: str = "", data: dict[str, Json] | None = None) -> None:
        self.choice = choice
        self.note = note
        self.data = data


def ask(
    screen: Screen, title: str, data: Json, edit: tuple[str, ...], told: Sequence[str] = ()
) -> Answered:
    """Show an approval and return the answer; the end of input means later."""
    if edit == ("*",):
        edit = tuple(data) if isinstance(data, dict) else ()
    screen.show()
    screen.show(screen.styled(visible(title), "bold"))
    for line in told:
        screen.show(f"  {line}")
    if data is not None:
        for line in shown(data).splitlines():
            screen.show(f"  {line}")
    while True:
        said = _said(_CHOICES if edit else _CHOICES_FIXED)
        if said == Choice.EDIT.value and edit:
            if changed := _edited(screen, data, edit):
                return Answered(Choice.EDIT, data=changed)
            screen.note("Nothing was changed.")
        elif answered := _answered(said, None):
            return answered


def confirm(screen: Screen, one: Shown, changed: dict[str, Json]) -> Answered:
    """Show what an edit changes and return the answer to that."""
    for line in differences(one):
        screen.show(f"  {line}")
    while True:
        said = _said(_CHOICES_EDITED)
        if said == Choice.EDIT.value:
            return Answered(Choice.EDIT)
        if answered := _answered(said, changed):
            return answered


def _said(choices: str) -> str:
    try:
        return input(f"{choices} ").strip().lower()[:1]
    except EOFError:
        return Choice.LATER.value


def _answered(said: str, changed: dict[str, Json] | None) -> Answered | None:
    """Return what a letter answers, None where it is none of an answer."""
    if said == Choice.APPROVE.value:
        return Answered(Choice.APPROVE, data=changed)
    if said == Choice.REJECT.value:
        return Answered(Choice.REJECT, note=_note())
    return Answered(Choice.LATER) if said == Choice.LATER.value else None


def differences(one: Shown) -> list[str]:
    """Return what an edit changes of the data, and of a file that it is about."""
    lines = []
    if one.edits:
        lines += ["your edit:", *(f"  {line}" for line in one.edits.splitlines())]
    if one.diff:
        lines += ["change:", *(f"  {line}" for line in one.diff.splitlines())]
    return lines


def facts(one: Shown) -> list[str]:
    """Return what people are told beside the data: who asks why, who may answer, what changes."""
    row = one.row
    details, standing = row.details, row.standing
    lines = []
    if details.tool:
        lines.append(f"tool: {visible(details.tool)}")
    if details.why or details.rule:
        lines.append(visible(f"why: {details.why} ({details.rule})"))
    if details.risk:
        lines.append(f"risk: {details.risk}")
    if details.cost:
        lines.append(f"cost: at most {money(details.cost)}")
    strange = sorted(name for name, label in details.labels.items() if name and untrusted(label))
    if strange:
        lines.append(visible(f"from strangers: {', '.join(strange)}"))
    if standing.approvers or details.need > 1:
        who = ", ".join(standing.approvers) or "anyone"
        lines.append(visible(f"for: {who}; {details.need} must agree"))
    if standing.agreed:
        lines.append(visible(f"agreed: {', '.join(standing.agreed)}"))
    if standing.reminded or standing.escalated:
        more = ", escalated" if standing.escalated else ""
        lines.append(f"overdue: reminded {standing.reminded} times{more}")
    return lines + differences(one)


def shown(data: Json) -> str:
    """Return data as people read it, nothing hidden: an object as its keys, one a paragraph."""
    if isinstance(data, dict):
        return "\n".join(_paragraphs(data, 0))
    return visible(
        data if isinstance(data, str) else json.dumps(data, indent=2, ensure_ascii=False)
    )


def _paragraphs(data: Mapping[str, Json], depth: int) -> list[str]:
    """Return an object line by line; what lies inside it is set further in than its keys."""
    lines = []
    for name, value in data.items():
        inner = _inner(value, depth + 1)
        if inner is None:
            head, *rest = as_text(value).splitlines() or [""]
            lines += [f"{visible(name)}: {head}", *(f"  {line}" for line in rest)]
        else:
            lines += [f"{visible(name)}:", *(f"  {line}" for line in inner)]
    return lines


def _inner(value: Json, depth: int) -> list[str] | None:
    """Return the lines of an object or of a list of objects, None for what one line holds."""
    if depth > _DEPTH or not value:
        return None
    if isinstance(value, dict):
        return _paragraphs(value, depth)
    if not isinstance(value, list) or not all(isinstance(one, dict) and one for one in value):
        return None
    lines = []
    for one in value:
        first, *rest = _paragraphs(one, depth)
        lines += [f"- {first}", *(f"  {line}" for line in rest)]
    return lines


def _note() -> str:
    try:
        return input("Why? (may stay empty) ").strip()
    except EOFError:
        return ""


def _edited(screen: Screen, data: Json, edit: tuple[str, ...]) -> dict[str, Json]:
    changed: dict[str, Json] = {}
    for key in edit:
        old = data.get(key) if isinstance(data, dict) else None
        text = old if isinstance(old, str) else json.dumps(old, ensure_ascii=False)
        new = _in_editor(text) if _editor() else _on_a_line(key)
        if new is None or new == text:
            continue
        changed[key] = new if isinstance(old, str) else _parsed(screen, key, new, old)
    return changed


def _parsed(screen: Screen, key: str, text: str, old: Json) -> Json:
    try:
        value: Json = json.loads(text)
    except ValueError:
        screen.complain(f"{key} stays as it was: this is no JSON.")
        return old
    return value


def _on_a_line(key: str) -> str | None:
    try:
        return input(f"{key} (empty keeps it): ") or None
    except EOFError:
        return None


def _editor() -> list[str]:
    return shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")


def _in_editor(text: str) -> str | None:
    with tempfile.TemporaryDirectory(prefix="kapell-") as folder:
        path = Path(folder) / "text.txt"
        path.write_text(text, "utf-8")
        # The user's own editor, chosen by the user's own environment.
        ended = subprocess.run([*_editor(), str(path)], check=False)  # noqa: S603 - as said above
        return path.read_text("utf-8").removesuffix("\n") if ended.returncode == 0 else None
