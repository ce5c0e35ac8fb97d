"""What is published is what rules read and give."""

import json
from datetime import UTC, datetime
from typing import get_args

import jsonschema_rs
import msgspec
import pytest

from kapell.core.policies.answers import Answer
from kapell.core.policies.asking.documents import Asked, Document
from kapell.core.policies.asking.times import time_part
from kapell.core.policies.linting.inputs import wrong_path
from kapell.core.policies.published import answer_schema, input_schema
from kapell.kit.json import Json


def fits(schema: object, value: Json) -> bool:
    return jsonschema_rs.validator_for(json.loads(json.dumps(schema)), offline=True).is_valid(value)


@pytest.mark.requirement("GR-06")
@pytest.mark.parametrize("document", get_args(Document))
def test_every_document_fits_its_schema_and_has_all_its_fields(document: type[Asked]) -> None:
    plain = msgspec.to_builtins(document(time=time_part(1_772_454_600)))  # type: ignore[call-arg]  # each has its kind
    assert fits(input_schema(), json.loads(json.dumps(plain)))
    assert set(plain) == set(document.__struct_fields__), "no field is ever missing"
    assert all(wrong_path((document,), (name,)) is None for name in plain)


def test_answers_are_published_as_they_are_read() -> None:
    given: Json = {
        "deny": [{"rule": "a", "reason": "b"}],
        "ask": [{"rule": "a", "reason": "b", "need": 2, "expires": "2d", "risk": "high"}],
        "allow": [{"rule": "a", "untrusted": True}],
    }
    assert fits(answer_schema(), given)
    assert not fits(answer_schema(), {"deny": [{"rule": "a", "reason": "b", "need": 2}]})
    properties = answer_schema()["properties"]
    assert isinstance(properties, dict)
    known = {key for one in properties.values() for key in one["items"]["properties"]}
    assert known == set(Answer.__struct_fields__)


def test_times_are_told_in_the_parts_that_rules_compare() -> None:
    at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    found = time_part(at.timestamp())
    assert (found.date, found.hour, found.minute, found.weekday) == ("2026-03-01", 9, 30, "sunday")
    assert found.iso == "2026-03-01T09:30:00+00:00"
