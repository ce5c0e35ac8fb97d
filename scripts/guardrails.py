"""How much the detectors of guardrails find, and how often they are wrong.

Usage: ``python scripts/guardrails.py [FOLDER] [--wrong] [--write] [--half HALF]``.

Without a folder our own corpus (``evals/guardrails``) is measured; ``--write`` puts the figures
into ``docs/reference/guardrail-figures.md``; ``--half`` takes one half of the attacks. A folder
holds public sets that whoever measures has fetched: JSON, JSON lines, CSV or text files, one text a
row. A row is an attack or not by its field ``label`` (or ``type``); without one the file's name
says it (``benign``, ``safe``, ``notinject``, ``xstest``).
"""

import argparse
import csv
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from kapell.core.guardrails.findings import Finding
from kapell.core.guardrails.looking import look
from kapell.core.guardrails.profiles import DEFAULT, decided
from kapell.core.guardrails.rules import Rules
from kapell.kit.shares import told

ROOT = Path(__file__).parents[1]
OWN = ROOT / "evals" / "guardrails"
PAGE = ROOT / "docs" / "reference" / "guardrail-figures.md"
_FIELDS = ("text", "prompt", "user_input", "mutated_prompt", "question", "input", "content")
_ATTACKS = frozenset({"1", "true", "attack", "injection", "jailbreak", "unsafe", "malicious"})
_QUIET = ("benign", "safe", "notinject", "xstest", "clean")


class Sample(NamedTuple):
    """One text: of which set and family, whether it is an attack, where a value stands in it."""

    group: str
    family: str
    text: str
    attack: bool
    span: tuple[int, int] | None = None
    language: str = ""


class Seen(NamedTuple):
    """What was made of a text: what is found, and whether the default profile stops a request."""

    findings: tuple[Finding, ...]
    stopped: bool

    @property
    def signals(self) -> tuple[Finding, ...]:
        """Return what speaks of an attack."""
        return tuple(one for one in self.findings if one.family in ("injection", "jailbreak"))


def seen(sample: Sample) -> Seen:
    """Return what the detectors make of a text on its way to a model."""
    findings = look(sample.text, Rules())
    return Seen(findings, decided(findings, DEFAULT, "request")[0] == "block")


def half(sample: Sample) -> str:
    """Return the half a text belongs to by its hash: tuning (patterns may be made by it) or not."""
    return "held-out" if hashlib.sha256(sample.text.encode()).digest()[0] % 2 else "tuning"


def own(part: str) -> Iterator[Sample]:
    """Yield one part of our corpus: attacks, benign, pii or clean."""
    for line in (OWN / f"{part}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        span = tuple(row["span"]) if "span" in row else None
        yield Sample(part, row["family"], row["text"], part == "attacks", span, row["language"])


def public(folder: Path) -> Iterator[Sample]:
    """Yield the texts of a folder of public sets; the file is the set."""
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".jsonl", ".json", ".csv", ".txt") and file.is_file():
            for row in _rows(file):
                text = next((row[key] for key in _FIELDS if row.get(key)), None)
                if isinstance(text, str):
                    yield Sample(file.stem, str(row.get("type", "")), text, _is_attack(row, file))


def _rows(file: Path) -> Iterator[Mapping[str, object]]:
    text = file.read_text("utf-8", errors="replace")
    if file.suffix == ".csv":
        yield from csv.DictReader(text.splitlines(keepends=True))
    elif file.suffix == ".txt":
        yield from ({"text": line} for line in text.splitlines() if line.strip())
    else:
        parsed = (
            [json.loads(line) for line in text.splitlines() if line.strip()]
            if file.suffix == ".jsonl"
            else json.loads(text)
        )
        rows = parsed if isinstance(parsed, list) else parsed.get("prompts", [])
        yield from (row if isinstance(row, dict) else {"text": row} for row in rows)


def _is_attack(row: Mapping[str, object], file: Path) -> bool:
    label = row.get("label")
    if label is not None and label != "":
        return str(label).lower() in _ATTACKS
    return not any(word in file.stem.lower() for word in _QUIET)


def leaked(sample: Sample, found: Seen) -> bool:
    """Tell whether a letter or digit of a value would be left when all that is found is taken."""
    if sample.span is None:
        return False
    taken = {
        place
        for one in found.findings
        if one.family in ("pii", "secret")
        for place in range(one.start, one.end)
    }
    return any(sample.text[place].isalnum() and place not in taken for place in range(*sample.span))


def wrongly(sample: Sample, found: Seen) -> bool:
    """Tell whether something is found in a text without personal data and without secrets."""
    del sample
    return any(one.family in ("pii", "secret") for one in found.findings)


def figures(samples: Sequence[Sample]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (set, family, what was counted, the share with its interval)."""
    looked = [(sample, seen(sample)) for sample in samples]
    for group in dict.fromkeys(sample.group for sample in samples):
        mine = [(sample, found) for sample, found in looked if sample.group == group]
        families = list(dict.fromkeys(sample.family for sample, _ in mine))
        for family in [*families, ""] if len(families) > 1 else [""]:
            some = [(s, f) for s, f in mine if family in ("", s.family)]
            name = family or "all"
            if group == "pii":
                yield group, name, "values that leak", _share(leaked(*one) for one in some)
            elif group == "clean":
                yield group, name, "false positives", _share(wrongly(*one) for one in some)
            else:
                kind = "attacks" if some[0][0].attack else "false positives"
                yield group, name, f"{kind}: signal", _share(bool(f.signals) for _, f in some)
                for part in ("tuning", "held-out") if group == "attacks" else ():
                    seen_of = [bool(f.signals) for s, f in some if half(s) == part]
                    if seen_of:
                        yield group, name, f"signal, {part} half", _share(iter(seen_of))
                yield group, name, f"{kind}: stopped", _share(f.stopped for _, f in some)


def _share(hits: Iterator[bool]) -> str:
    listed = list(hits)
    return told(sum(listed), len(listed))


def wrong(samples: Sequence[Sample]) -> Iterator[str]:
    """Yield the texts that are judged wrongly."""
    for sample in samples:
        found = seen(sample)
        kinds = ",".join(one.kind for one in found.findings)
        bad = {
            "pii": leaked(sample, found),
            "clean": wrongly(sample, found),
        }.get(sample.group, bool(found.signals) != sample.attack)
        if bad:
            yield f"{sample.group}/{sample.family} [{kinds}] {sample.text[:160]!r}"


def page(samples: Sequence[Sample]) -> str:
    """Return the page of figures."""
    rows = "\n".join(f"| {' | '.join(row)} |" for row in figures(samples))
    return f"""# Figures of the guardrails

What the detectors find in our own corpus
([`evals/guardrails`](../../evals/guardrails/README.md)) and how often they are wrong, with 95 %
intervals. *Signal* means that an attack was noticed, *stopped* that the profile `default` does not
let the request pass; what is only noticed is on record, and what strangers' words may do is decided
by trust labels and policies. The latest patterns were tuned on the *tuning* half of the attacks (by
a hash of the text), without a look at the *held-out* half, whose share is the one to believe; many
attacks of both halves share a template, so that of other authors' attacks less is found. Measured
{datetime.now(UTC).date()} with Kapell {version("kapell")}, Python {platform.python_version()}, on
{platform.machine()} with {os.cpu_count()} cores. `python scripts/guardrails.py FOLDER` measures
public sets.

| set | family | counted | share (95 %) |
|---|---|---|---|
{rows}
"""


def main() -> None:
    """Print the figures, or what is wrong."""
    parser = argparse.ArgumentParser(description="Measure the detectors of guardrails.")
    parser.add_argument("folder", nargs="?", type=Path, help="public sets; without it our corpus")
    parser.add_argument("--wrong", action="store_true", help="print what is judged wrongly")
    parser.add_argument("--write", action="store_true", help="write the page of figures")
    parser.add_argument("--half", choices=("tuning", "held-out"), help="only this half of attacks")
    asked = parser.parse_args()
    if asked.folder is None:
        samples = [one for part in ("attacks", "benign", "pii", "clean") for one in own(part)]
    else:
        samples = list(public(asked.folder))
    if asked.half:
        samples = [one for one in samples if not one.attack or half(one) == asked.half]
    if asked.wrong:
        print("\n".join(wrong(samples)))
    elif asked.write:
        PAGE.write_text(page(samples), "utf-8")
    else:
        print("\n".join("  ".join(row) for row in figures(samples)))


if __name__ == "__main__":
    main()
