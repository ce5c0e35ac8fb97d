"""Runs every example on the offline model through the command line, one line each.

An example is a file ``examples/NAME.yaml`` or a folder ``examples/NAME/`` with a
``workflow.yaml``. Each runs in a fresh workspace made by ``kapell init``; a folder's files are
copied into it, and ``inputs.yaml`` or ``inputs.json`` beside the workflow gives its inputs. A
comment ``# expect-exit: N`` in the workflow says that it is meant to end with exit code N. Where an
``answers.yaml`` lies beside it, its agents act: then the model is that script. A folder ``site`` is
served beside it, as the web it may visit; one with an ``inbox`` has a mail server beside it.

    python scripts/examples.py            every example
    python scripts/examples.py loop saga  these two
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SECONDS = 120
SITE_PORT = 8731
"""Where an example's own web is served: its settings name the port."""
MAIL_PORT = 8725
"""Where an example's mail server listens, the same way."""
CLI = [sys.executable, "-m", "kapell.cli.main"]
_EXPECTED = re.compile(r"^#\s*expect-exit:\s*(\d+)\s*$", re.MULTILINE)


class Example(NamedTuple):
    """One example: its name, its workflow and the folder that belongs to it, if any."""

    name: str
    workflow: Path
    folder: Path | None

    @property
    def scripted(self) -> bool:
        """Tell whether its model is a script, because its agents act."""
        return self.folder is not None and (self.folder / "answers.yaml").is_file()

    @property
    def expected_exit(self) -> int:
        """Return the exit code its author promises."""
        found = _EXPECTED.search(self.workflow.read_text("utf-8"))
        return int(found[1]) if found else 0


def find(folder: Path) -> list[Example]:
    """Return the examples of a folder by name; what is neither kind is an error."""
    examples = []
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and (entry / "workflow.yaml").is_file():
            examples.append(Example(entry.name, entry / "workflow.yaml", entry))
        elif entry.is_file() and entry.suffix in {".yaml", ".yml", ".json"}:
            examples.append(Example(entry.stem, entry, None))
        elif entry.name != "README.md" and not entry.name.startswith((".", "_")):
            raise SystemExit(f"examples/{entry.name} is no example: it has no workflow.yaml")
    return examples


def run(example: Example, cli: list[str]) -> str:
    """Run one example; return why it failed, or an empty text."""
    with tempfile.TemporaryDirectory(prefix="kapell-example-") as folder:
        workspace = Path(folder) / "workspace"
        made = _call([*cli, "init", str(workspace)], Path(folder))
        if made.returncode:
            return _why(made, 0)
        if example.folder is None:
            shutil.copy(example.workflow, workspace)
        else:
            shutil.copytree(example.folder, workspace, dirs_exist_ok=True)
        words = [*cli, "run", example.workflow.name, "--yes"]
        if not example.scripted:
            words += ["--model", "offline"]
        words = [*surroundings(workspace, SITE_PORT, MAIL_PORT), *words]
        for inputs in ("inputs.yaml", "inputs.json"):
            if example.folder is not None and (workspace / inputs).is_file():
                words += ["--params", inputs]
        ended = _call(words, workspace)
        return (
            "" if ended.returncode == example.expected_exit else _why(ended, example.expected_exit)
        )


def surroundings(workspace: Path, site: int, mail: int) -> list[str]:
    """Return the words that serve an example's own web and mail beside a command."""
    served = [sys.executable, "-m"]
    words = []
    if (workspace / "site").is_dir():
        words += [*served, "kapell.testing.web", "site", "--port", str(site), "--"]
    if (workspace / "inbox").is_dir():
        words += [*served, "kapell.testing.mail", "outbox", "--port", str(mail), "--"]
    return words


def _call(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    # Keys and databases of whoever runs this stay out of it.
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "PYTHONPATH"}}
    try:
        return subprocess.run(
            words,
            cwd=folder,
            env=kept,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 124, "", f"not done after {SECONDS} s")


def _why(ended: subprocess.CompletedProcess[str], expected: int) -> str:
    lines = [line.strip() for line in (ended.stderr or ended.stdout).splitlines() if line.strip()]
    said = lines[-1] if lines else "it said nothing"
    return f"exit {ended.returncode} instead of {expected}: {said}"


def main(names: list[str]) -> int:
    """Run the named examples, or all; print one line each and return the exit code."""
    examples = find(EXAMPLES) if EXAMPLES.is_dir() else []
    unknown = set(names) - {example.name for example in examples}
    if unknown or not examples:
        print(f"no such example: {', '.join(sorted(unknown))}" if unknown else "no examples")
        return 2
    failed = 0
    for example in examples:
        if names and example.name not in names:
            continue
        why = run(example, CLI)
        print(f"failed {example.name}: {why}" if why else f"ok {example.name}", flush=True)
        failed += bool(why)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
