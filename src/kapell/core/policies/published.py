"""The published schemas of policies: what rules read as ``input``, and what they give."""

from collections.abc import Mapping
from typing import get_args

import msgspec

from kapell.core.definitions.published import DIALECT
from kapell.core.policies.asking.documents import Document
from kapell.core.policies.linting.giving import KEYS
from kapell.kit.json import Json


def input_schema() -> Mapping[str, Json]:
    """Return the JSON Schema of the input document, of every kind."""
    kinds = get_args(Document)
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "title": "Kapell policy: input",
        "description": "What rules in policies/*.rego read as `input`; no field is ever missing.",
        "anyOf": list(schemas),
        "$defs": dict(sorted(components.items())),
    }


def answer_schema() -> Mapping[str, Json]:
    """Return the JSON Schema of what a package gives."""
    text: Json = {"type": "string"}
    span: Json = {
        "type": ["string", "number"],
        "description": "Seconds, or a span such as `90s`, `4h` or `2d`.",
    }
    values: dict[str, Json] = {
        "rule": {"type": "string", "minLength": 1, "description": "Its name in the log."},
        "reason": {"type": "string", "description": "Why, for people."},
        "untrusted": {
            "type": "boolean",
            "description": "Whether it speaks for data that strangers had a part in, too.",
        },
        "risk": {"enum": ["low", "medium", "high"]},
        "approvers": {
            "type": "array",
            "items": text,
            "description": "Who may answer: `role:NAME` or a subject; empty: anyone.",
        },
        "need": {"type": "integer", "minimum": 1, "description": "How many must agree."},
        "expires": span,
        "on_expiry": {"enum": ["reject", "fail"]},
        "remind": span,
        "escalate_after": span,
        "escalate_to": {"type": "string", "description": "Who is asked then."},
    }
    return {
        "$schema": DIALECT,
        "title": "Kapell policy: answers",
        "description": "What the rules of a package give: deny goes over ask, ask over allow.",
        "type": "object",
        "properties": {
            ruling: {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {key: values[key] for key in keys},
                    "required": ["rule"] if ruling == "allow" else ["rule", "reason"],
                    "additionalProperties": False,
                },
            }
            for ruling, keys in KEYS.items()
        },
    }
