"""How checks are told: one line each, with what to do about those that failed."""

from collections.abc import Sequence

from kapell.bootstrap.upkeep import Finding
from kapell.cli.exits import Exit
from kapell.cli.screen import Screen


def tell(screen: Screen, findings: Sequence[Finding], *, as_json: bool) -> Exit:
    """Write what was found; a check that failed makes the command fail."""
    failed = [one for one in findings if not one.ok]
    if as_json:
        rows = [
            {"name": one.name, "ok": one.ok, "detail": one.detail, "advice": one.advice}
            for one in findings
        ]
        screen.document({"ok": not failed, "checks": rows})
        return Exit.FAILED if failed else Exit.OK
    for one in findings:
        sign = screen.styled("ok  ", "green") if one.ok else screen.styled("FAIL", "red", "bold")
        detail = f"  {one.detail}" if one.detail else ""
        screen.show(f"{sign}  {one.name}{detail}")
        if one.advice and not one.ok:
            screen.show(f"      {one.advice}")
    if failed:
        screen.complain(f"{len(failed)} of {len(findings)} checks failed")
    return Exit.FAILED if failed else Exit.OK
