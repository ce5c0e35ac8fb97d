"""``kapell policy``: looking through policies, testing them, and asking them."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer

from kapell.bootstrap.definitions import open_definitions, workspace_files
from kapell.bootstrap.guarding.policies import linted, open_policies
from kapell.cli.authoring.policies.adding import add
from kapell.cli.authoring.policies.explaining import Recorded, explain_recorded, show_ruled
from kapell.cli.exits import Exit
from kapell.cli.failures import block, problem_document
from kapell.cli.group import InnerGroup
from kapell.cli.running.arguments import Args, AsJson, Given, given_arguments
from kapell.cli.screen import Screen
from kapell.cli.whereabouts import root_of
from kapell.core.definitions.nearest import hint
from kapell.core.policies.kinds import FOLDER
from kapell.core.policies.trials.cases import TESTS, CaseForm, read_cases
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Invalid, Missing
from kapell.kit.json import Json
from kapell.services.policies.policies import Policies
from kapell.services.policies.supposing import ruled, supposed
from kapell.services.workflows.ports import Files

app = typer.Typer(
    cls=InnerGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="What the workspace allows.",
)

app.command("add")(add)


@app.command("lint")
def lint(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Look through the policies and tell everything that is wrong, with its place."""
    screen, root = Screen(ctx.obj), root_of(ctx.obj)
    looked = linted(root)
    names, problems, odd = looked.names, looked.problems, looked.warnings
    if as_json:
        told = [problem_document(one) for one in problems]
        warned = [problem_document(one) for one in odd]
        said = {"ok": not problems, "files": names, "problems": told, "warnings": warned}
        screen.document(said)
        return Exit.INVALID if problems else Exit.OK
    for problem in problems:
        screen.complain(block(screen, problem))
    if problems:
        screen.complain("Until they are mended, the last good version holds, if there is one.")
        return Exit.INVALID
    for one in odd:
        screen.complain(block(screen, one, word="warning"))
    for name in names:
        screen.say(f"ok  {name}")
    if not names:
        screen.note(f"There are no policies in {FOLDER}/: the built-in ones hold.")
    return Exit.OK


@app.command("test")
def test(ctx: typer.Context, as_json: AsJson = False) -> int:
    """Ask the policies what the cases in `policies/*_test.yaml` say, and compare."""
    screen, root = Screen(ctx.obj), root_of(ctx.obj)
    tools = open_definitions(root).tools
    policies = open_policies(root)
    cases = _cases(workspace_files(root))
    outcomes = asyncio.run(_outcomes(policies, cases, tools))
    wrong = sum(bool(one["why"]) for one in outcomes)
    if as_json:
        screen.document({"ok": not wrong, "cases": outcomes})
        return Exit.FAILED if wrong else Exit.OK
    for one in outcomes:
        head = screen.styled("FAILED", "red", "bold") if one["why"] else "ok"
        screen.say(f"{head}  {one['file']}  {one['name']}")
        if one["why"]:
            screen.say(f"    {one['why']}")
    if not outcomes:
        screen.note(f"There are no cases: write some into {FOLDER}/NAME{TESTS[0]}.")
    return Exit.FAILED if wrong else Exit.OK


def _cases(files: Files) -> list[tuple[str, CaseForm]]:
    names = [one for one in files.names(FOLDER, (".yaml", ".yml")) if one.endswith(TESTS)]
    return [(name, case) for name in names for case in read_cases(name, files.read(name))]


async def _outcomes(
    policies: Policies, cases: list[tuple[str, CaseForm]], tools: Mapping[str, ToolSpec]
) -> list[dict[str, str]]:
    try:
        return [await _outcome(policies, file, case, tools) for file, case in cases]
    finally:
        await policies.current.close()


async def _outcome(
    policies: Policies, file: str, case: CaseForm, tools: Mapping[str, ToolSpec]
) -> dict[str, str]:
    spec = None if case.tool is None else _spec(case.tool, tools)
    document = supposed(case.kind, case.input, spec, policies.terms, policies.now())
    judgement = (await ruled(policies, document)).judgement
    expect, why = case.expect, ""
    rule_fits = expect.rule is None or judgement.rule.endswith(f".{expect.rule}")
    rule_fits = rule_fits or judgement.rule == expect.rule
    if judgement.ruling != expect.ruling or not rule_fits:
        wanted = f"{expect.ruling} by {expect.rule}" if expect.rule else expect.ruling
        why = f"expected {wanted}; it is {judgement.ruling} by {judgement.rule or 'no rule'}"
    return {"file": file, "name": case.name, "ruling": judgement.ruling, "why": why}


@app.command("explain")
def explain(
    ctx: typer.Context,
    tool: Annotated[str, typer.Argument(metavar="[TOOL]", help="The tool that is called.")] = "",
    given: Given = None,
    args: Args = "",
    fields: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FIELD=VALUE", help="A field, such as agent.name=writer."),
    ] = None,
    run: Annotated[
        str, typer.Option("--run", metavar="RUN", help="Ask about the calls of this run instead.")
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Ask what the policies say to a call, and by which rules."""
    if run:
        return explain_recorded(ctx.obj, Recorded(run, tool), as_json=as_json)
    if not tool:
        raise Invalid(
            "No tool is named.",
            code="tool_missing",
            advice="Name one that `kapell tools list` shows, or a run with --run.",
        )
    screen, root = Screen(ctx.obj), root_of(ctx.obj)
    spec = _spec(tool, open_definitions(root).tools)
    arguments = given_arguments(given or [], args)
    _check_names(spec, arguments)
    said: dict[str, Json] = {"asked": True, "args": arguments}
    for name, value in given_arguments(fields or [], "", "--input").items():
        _put(said, name.split("."), value)
    policies = open_policies(root)
    document = supposed("tool", said, spec, policies.terms, policies.now())

    async def work() -> Exit:
        try:
            show_ruled(screen, document, await ruled(policies, document), as_json=as_json)
        finally:
            await policies.current.close()
        return Exit.OK

    return asyncio.run(work())


def _check_names(spec: ToolSpec, arguments: Mapping[str, Json]) -> None:
    """Refuse arguments that the tool does not take: such a call is stopped before any policy."""
    schema = spec.args if isinstance(spec.args, Mapping) else {}
    known = schema.get("properties")
    if not isinstance(known, Mapping) or schema.get("additionalProperties") is not False:
        return
    for name in arguments:
        if name not in known:
            raise Invalid(
                f"`{spec.name}` has no argument `{name}`.",
                code="input_broken",
                advice=hint(name, list(known), "Its arguments"),
            )


def _put(into: dict[str, Json], path: list[str], value: Json) -> None:
    first, rest = path[0], path[1:]
    if not rest:
        into[first] = value
        return
    inner = into.get(first)
    below: dict[str, Json] = dict(inner) if isinstance(inner, Mapping) else {}
    _put(below, rest, value)
    into[first] = below


def _spec(name: str, tools: Mapping[str, ToolSpec]) -> ToolSpec:
    found = tools.get(name)
    if found is None:
        raise Missing(
            f"There is no tool `{name}`.", code="tool_unknown", advice=hint(name, tools, "Tools")
        )
    return found
