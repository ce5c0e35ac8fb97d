"""Writes the message schema and the page of events: python scripts/generate_events.py."""

import inspect
import json
from pathlib import Path

import msgspec

from kapell.core.events.published import event_schema, kinds
from kapell.projections.turns import turn_schema

ROOT = Path(__file__).resolve().parent.parent
_HEAD = """# Events

Everything that happens to a run is one of these facts. An event is stored once and never changed;
`kapell runs events RUN --json` prints them, and `schema/event.schema.json` describes their form.
Values larger than 32 kB stand as the digest of an artifact. Beside what is stored it prints `time`,
`at` as text, and `text`, the event in words.

What agents thought, did and observed is folded from them: `kapell runs turns RUN --json` gives
every turn as an object that `schema/turn.schema.json` describes.

The envelope around each payload: `id`, `run_id`, `seq` (dense, from 1), `type`, `version`, `at`
(seconds since 1970, UTC), `tenant_id`, `correlation_id`, `causation_id`, `actor`, `payload`.
"""


def page() -> str:
    """Return the reference page."""
    parts = [_HEAD]
    for name, kind in kinds():
        told = inspect.getdoc(kind) or ""
        fields = ", ".join(f"`{field.name}`" for field in msgspec.structs.fields(kind))
        text = told.replace("``", "`")
        parts.append(f"\n## {name}\n\n{text}\n" + (f"\nFields: {fields}.\n" if fields else ""))
    return "".join(parts)


def _written(schema: object) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def pages() -> dict[Path, str]:
    """Return what each file must hold."""
    return {
        ROOT / "schema" / "event.schema.json": _written(event_schema()),
        ROOT / "schema" / "turn.schema.json": _written(turn_schema()),
        ROOT / "docs" / "reference" / "events.md": page(),
    }


def main() -> None:
    """Write them all."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
