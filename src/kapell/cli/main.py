"""The entry point: words in, exit code out.

A plain ``validate FILE...`` is called straight away: parsing it would cost more than the check.
"""

import sys
from collections.abc import Sequence

from kapell.cli.exits import Exit
from kapell.cli.output import answers, put_back
from kapell.cli.screen import Screen
from kapell.cli.surroundings import OptionIncomplete, Surroundings, take


def main(words: Sequence[str] | None = None) -> None:
    """Carry out one command and leave with its exit code."""
    sys.exit(int(_called(sys.argv[1:] if words is None else words)))


def call(words: Sequence[str]) -> int:
    """Carry out one command in a process that goes on after it; return its exit code."""
    try:
        return _called(words)
    finally:
        put_back()


def _called(words: Sequence[str]) -> int:
    """Carry out one command and return its exit code; errors are told here and nowhere else."""
    try:
        surroundings, left = take(words)
    except OptionIncomplete as error:
        advice = "Write --workspace DIR, or leave it out."
        return _misused(Screen(Surroundings()), str(error), advice, as_json="--json" in words)
    screen = Screen(surroundings)
    if left == ["--version"]:
        from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom asked for

        screen.show(f"kapell {version('kapell')}")
        return Exit.OK
    as_json = "--json" in left
    try:
        ended = _carry_out(surroundings, left, as_json=as_json)
        answers().flush()
        return ended
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not complain about it at the end.
        sys.stdout = sys.stderr
        return Exit.OK
    except Exception as error:
        from kapell.cli.failures import tell  # noqa: PLC0415 - only errors pay for it

        return tell(screen, error, as_json=as_json, debug=surroundings.debug)


def _carry_out(surroundings: Surroundings, words: list[str], *, as_json: bool) -> int:
    if words[:1] == ["validate"] and not any(word.startswith("-") for word in words[1:]):
        from kapell.cli.authoring.checking import check  # noqa: PLC0415 - loaded when called

        return check(surroundings, words[1:])
    from typer.exceptions import TyperException  # noqa: PLC0415 - validating does without
    from typer.main import get_command  # noqa: PLC0415 - the same

    from kapell.cli import misuse  # noqa: PLC0415 - the same
    from kapell.cli.group import root  # noqa: PLC0415 - the same

    try:
        ended = get_command(root).main(
            words or ["--help"], prog_name="kapell", standalone_mode=False, obj=surroundings
        )
    except TyperException as error:
        if misuse.is_help(error):
            Screen(surroundings).show(str(error))
            return Exit.OK
        said, advice = misuse.told(error, words)
        return _misused(Screen(surroundings), said, advice, as_json=as_json)
    except SystemExit as leaving:
        # The parser turns the pipe that a reader left early into an exit with a code of its own.
        if isinstance(leaving.__context__, BrokenPipeError):
            raise leaving.__context__ from None
        raise
    return ended if isinstance(ended, int) else Exit.OK


def _misused(screen: Screen, said: str, advice: str, *, as_json: bool = False) -> int:
    if as_json:
        from kapell.cli.failures import document_of  # noqa: PLC0415 - only errors pay for it
        from kapell.kit.errors import Invalid  # noqa: PLC0415 - the same

        screen.document(document_of(Invalid(said, code="usage", advice=advice)))
        return Exit.INVALID
    head = screen.styled("error[usage]", "red", "bold", error=True)
    screen.complain(f"{head}: {said}")
    screen.complain(f"  {advice}")
    return Exit.INVALID


if __name__ == "__main__":
    main()
