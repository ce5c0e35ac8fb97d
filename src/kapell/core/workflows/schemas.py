"""Authors' JSON Schemas: is a value what one asks for, and if not, what is wrong with it."""

from functools import lru_cache

import jsonschema_rs

from kapell.kit.json import Json, encode


@lru_cache(maxsize=512)
def _validator(text: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(text, offline=True)


def problem_of(schema: Json, value: Json) -> str:
    """Return what is wrong with ``value`` in a sentence or two; empty when it fits."""
    problems = []
    for error in _validator(encode(schema).decode()).iter_errors(value):
        where = "/".join(str(part) for part in error.instance_path)
        problems.append(f"{where}: {error.message}" if where else str(error.message))
        if len(problems) == 5:
            break
    return "; ".join(problems)
