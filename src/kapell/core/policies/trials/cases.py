"""A case: a call in a few words, and what the policies have to say to it."""

from typing import Annotated, ClassVar

import msgspec

from kapell.core.definitions.authored import Authored, doc
from kapell.core.definitions.problems import Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.shaping import shape
from kapell.core.policies.judgement import Ruling
from kapell.core.policies.kinds import Kind
from kapell.kit.json import Json

TESTS = ("_test.yaml", "_test.yml")
"""How the names of files with cases end; they lie beside the policies."""


class ExpectForm(Authored, kw_only=True):
    """What the policies have to say."""

    called: ClassVar[str] = "`expect`"

    ruling: Annotated[Ruling, doc("What comes of it.")]
    rule: Annotated[str | None, doc("The rule that decides, with its package or without it.")] = (
        None
    )


class CaseForm(Authored, kw_only=True):
    """One case: a question, and what the policies have to say to it."""

    called: ClassVar[str] = "a case"

    name: Annotated[str, doc("What it shows, in words.")]
    kind: Annotated[Kind, doc("What is asked about.")] = "tool"
    tool: Annotated[str | None, doc("The tool that is called; it says itself what it does.")] = None
    input: Annotated[
        dict[str, Json],
        doc("Fields of the input document (`schema/policy-input.schema.json`); the rest is empty."),
    ] = msgspec.field(default_factory=dict)
    expect: Annotated[ExpectForm, doc("What the policies have to say.")]


class CasesForm(Authored, kw_only=True):
    """A file of cases."""

    called: ClassVar[str] = "a file of cases"

    cases: Annotated[tuple[CaseForm, ...], doc("The cases, in order.")]


def read_cases(path: str, data: bytes) -> tuple[CaseForm, ...]:
    """Return the cases of a file.

    Raises:
        DefinitionInvalid: With everything that is wrong in it.
    """
    problems = Problems()
    form = shape(read(data, path, noted=problems), CasesForm, problems)
    problems.raise_errors()
    return form.cases
