"""Whatever is done to a file: it compiles or is refused with places, never anything else."""

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kapell.core.definitions.problems import DefinitionInvalid, Problems
from kapell.core.definitions.reading import read
from kapell.core.definitions.shaping import shape
from kapell.core.workflows.authored.steps import StepForm
from kapell.core.workflows.authored.workflow import WorkflowForm
from kapell.core.workflows.compiling import compile_workflow
from kapell.core.workflows.pins import WorkspaceDefaults
from kapell.core.workflows.references import references_of
from kapell.core.workflows.version import Version, version_hash
from kapell.kit.json import Json
from tests.drawing import examples
from tests.unit.core.workflows.authoring import FILE, PINS
from tests.unit.core.workflows.samples import DEPLOY, SUPPORT

EVERYTHING = """\
name: everything
inputs: {rows: {type: array}, n: {type: integer, default: 2}}
budget: {usd: 1, time: 5m}
defaults: {timeout: 30s}
steps:
  - {id: first, set: {a: [1, "{{ inputs.n }}"]}}
  - {id: wait, wait: {signal: go, match: signal.ok}, depends_on: []}
  - id: fan
    depends_on: [first, wait]
    join: any
    parallel:
      left: [{id: l, ask: "{{ steps.first.output.a }}"}]
      right: [{id: r, agent: writer, action: go, params: {n: "{{ inputs.n }}"}}]
  - id: choose
    switch:
      cases: [{name: big, when: inputs.n > 1, steps: [{id: c, tool: t, with: {x: 1}}]}]
      else: [{id: d, wait: {for: 5s}}]
  - id: again
    loop: {steps: [{id: p, ask: "{{ pass.number }}"}], until: steps.p.output == 'ok', max: 5}
    on_error: {steps: [{id: h, ask: "{{ error.code }}"}]}
  - id: each
    for_each: "{{ inputs.rows }}"
    as: row
    where: row != none and index < 9
    approval: {title: "{{ row }}", data: {k: 1}, edit: [k], expires: 1d}
outputs: {left: "{{ steps.fan.output.left }}"}
"""
SAMPLES = [SUPPORT, DEPLOY, EVERYTHING]
SCRAPS = [
    "{{",
    "}}",
    "{%",
    ":",
    "-",
    "'",
    '"',
    "[",
    "]",
    "{",
    "}",
    "!x",
    "&a",
    "*a",
    "|",
    "#",
    "steps",
    "5",
    "null",
    "é",
    "id:",
    "depends_on:[a]",
    "---",
]
SCRAPS += ["\n", "\t", "\x00", "  ", ": ", "- ", "!x ", "---\n"]


def outcome(text: str | bytes) -> Version | None:
    """Return the version of a text, None when it is refused as it should be."""
    problems = Problems()
    try:
        form = shape(read(text, FILE), WorkflowForm, problems)
    except DefinitionInvalid as error:
        check(error.problems)
        return None
    version = compile_workflow(form, PINS, WorkspaceDefaults(), problems)
    # Files of schemas are not here; whoever loads them tells of those that are not there.
    missing = references_of(form).schemas
    assert (version is None) == bool(problems.errors or missing)
    check(problems.errors)
    return version


def check(problems: tuple[object, ...]) -> None:
    for problem in problems:
        text = str(problem)
        assert text.startswith(FILE)
        assert "object at 0x" not in text
        assert "Traceback" not in text


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Return a sample with a few characters or lines taken out, doubled or put in."""
    text = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 12))
        scrap = draw(st.sampled_from([*SCRAPS, text[at : at + length]]))
        text = text[:at] + scrap + text[at + draw(st.sampled_from([0, length])) :]
    return text


def test_the_samples_compile() -> None:
    for sample in SAMPLES:
        assert outcome(sample) is not None


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_mutated_files_compile_or_are_refused(text: str) -> None:
    outcome(text)


@given(st.binary(max_size=200))
def test_noise_is_refused(data: bytes) -> None:
    assert outcome(data) is None


VALUES = """null true 0 -1 2.5 "" "x" "{{1+}}" "{{steps.first.output}}" [] {} [[]] {"a":1}"""
LEAVES = st.sampled_from([*VALUES.split(" "), '[{"id": "z", "ask": "hi"}]']).map(json.loads)
KEYS = [*WorkflowForm.__struct_fields__, *StepForm.__struct_fields__]


@st.composite
def rearranged(draw: st.DrawFn) -> Json:
    """Return a sample's tree with values exchanged, keys removed and known keys added."""
    tree: Json = json.loads(json.dumps(read(draw(st.sampled_from(SAMPLES)), FILE).plain()))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(list(containers(tree))))
        if isinstance(place, dict):
            key = draw(st.sampled_from([*place, *KEYS]))
            if draw(st.booleans()):
                place[key.rstrip("_")] = draw(LEAVES)
            else:
                place.pop(key, None)
        elif place:
            place[draw(st.integers(0, len(place) - 1))] = draw(LEAVES)
    return tree


def containers(tree: Json) -> list[dict[str, Json] | list[Json]]:
    found: list[dict[str, Json] | list[Json]] = []
    if isinstance(tree, dict):
        found = [tree]
        for value in tree.values():
            found += containers(value)
    elif isinstance(tree, list):
        found = [tree]
        for value in tree:
            found += containers(value)
    return found


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example({"name": "w", "steps": [{"id": "a", "ask": "x", "output": "no such file.json"}]})
@given(rearranged())
def test_rearranged_files_compile_or_are_refused(tree: Json) -> None:
    outcome(json.dumps(tree))


def as_yaml(text: str) -> str:
    return text


def as_json(text: str) -> str:
    return json.dumps(read(text, FILE).plain())


def as_wide_json(text: str) -> str:
    return json.dumps(read(text, FILE).plain(), indent="\t", ensure_ascii=False)


@pytest.mark.requirement("WF-01")
@pytest.mark.parametrize("sample", SAMPLES)
def test_however_it_is_written_it_is_the_same_version(sample: str) -> None:
    writings: list[Callable[[str], str]] = [as_yaml, as_yaml, as_json, as_wide_json]
    versions = [outcome(write(sample)) for write in writings]
    hashes = {version_hash(version) for version in versions if version is not None}
    assert len(hashes) == 1
    assert None not in versions
    assert versions[0] == versions[1]
