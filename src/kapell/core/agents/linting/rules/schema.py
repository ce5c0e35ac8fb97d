"""Does the schema of the answers say something, and does the prompt agree with it?"""

import re
from collections.abc import Iterator, Mapping

from kapell.core.agents.linting.lexicon import lexicon
from kapell.core.agents.linting.subject import Found, Subject
from kapell.core.agents.linting.tuning import Tuning
from kapell.kit.json import Json

_TEXT = re.compile(
    r"\b(?:answer|respond|reply|write|output|return)\b[^.]{0,25}\b(?:as|in|with|using)\b[^.]{0,15}"
    r"\b(?:Markdown|prose|plain text|HTML|XML|YAML|bullet points|a letter|full sentences)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:never|do not|don't|not)\b", re.IGNORECASE)
_SAYING = lexicon(
    "type properties items enum const anyOf oneOf allOf $ref not if pattern",
    "additionalProperties prefixItems",
)


def empty(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find schemas that allow anything."""
    if subject.output is None:
        return
    schema = subject.output
    nothing = schema is True or (isinstance(schema, Mapping) and not _SAYING & set(schema))
    if nothing:
        yield Found(
            subject.at("output"),
            "The schema allows anything, so it checks nothing.",
            "Give it a `type` and `properties`, or leave `output` out for plain text.",
        )


def required_unknown(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find required names that the schema does not describe."""
    for path, schema in _objects(subject.output, "answer"):
        described = schema.get("properties")
        required = schema.get("required")
        if not isinstance(required, list) or "$ref" in schema:
            continue
        names = set(described) if isinstance(described, Mapping) else set()
        if missing := [str(name) for name in required if name not in names]:
            yield Found(
                subject.at("output"),
                f"`{path}` requires `{missing[0]}`, which its properties do not describe.",
                "Describe it under `properties`: a model gives what it is shown.",
            )


def one_choice(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find choices that are none, and values that stand there twice."""
    for path, schema in _objects(subject.output, "answer"):
        choices = schema.get("enum")
        if isinstance(choices, list) and len({repr(one) for one in choices}) < max(len(choices), 2):
            yield Found(
                subject.at("output"),
                f"The choices of `{path}` are fewer than two, or one stands there twice.",
                "Name each choice once; a field that has only one value can be left out.",
            )


def disagreeing(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find prompts that ask for text where a schema is set."""
    if subject.output is None:
        return
    for one in subject.prompt.sentences:
        match = _TEXT.search(one.text)
        if match and not _DENIED.search(one.text[: match.end()]):
            yield Found(
                subject.prompt.place(one.line, one.column + match.start()),
                "The prompt asks for text, but `output` demands JSON of a schema.",
                "Say what goes into which field instead.",
            )


def _objects(schema: Json, path: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield every schema inside a schema with a name for it."""
    if not isinstance(schema, Mapping):
        return
    yield path, schema
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for name, inner in properties.items():
            yield from _objects(inner, name)
    if isinstance(schema.get("items"), Mapping):
        yield from _objects(schema["items"], f"{path}[]")
    for key in ("anyOf", "oneOf", "allOf"):
        several = schema.get(key)
        for inner in several if isinstance(several, list) else ():
            yield from _objects(inner, path)
