"""Structured answers: a value for any JSON Schema, from the prompt, else a neutral one."""

from collections.abc import Iterator, Mapping
from itertools import islice

from kapell.core.gateway.offline.classify import Label, choose
from kapell.core.gateway.offline.language.words import name_words
from kapell.core.gateway.offline.prompt import Prompt
from kapell.core.gateway.offline.shapes import neutral
from kapell.core.gateway.offline.shapes.fields import Field, numbers_for, texts_for, truth_of
from kapell.core.gateway.offline.shapes.items import items_for
from kapell.core.gateway.offline.shapes.schema import Node, Schema, types
from kapell.kit.json import Json, encode

_DEEP = 6
_TRIES = 24


def fill(schema: Json, prompt: Prompt) -> Json:
    """Return a value that is valid under ``schema`` whenever we can make one."""
    filler = _Filler(Schema(schema), prompt)
    root = filler.schema.root
    return filler.value(root if isinstance(root, Mapping) else {}, Field("", ""), 0)


class _Filler:
    """Goes down a schema and takes the first candidate for each node that is valid there."""

    def __init__(self, schema: Schema, prompt: Prompt) -> None:
        self.schema = schema
        self._prompt = prompt

    def value(self, node: Json, field: Field, depth: int, prompt: Prompt | None = None) -> Json:
        """Return the best valid value of a node; the last candidate when none is valid."""
        flat = self.schema.flat(node)
        last: Json = None
        for candidate in islice(
            self._candidates(flat, field, depth, prompt or self._prompt), _TRIES
        ):
            if self.schema.fits(flat, candidate):
                return candidate
            last = candidate
        return last

    def _candidates(self, node: Node, field: Field, depth: int, prompt: Prompt) -> Iterator[Json]:
        field = field.described(node)
        if "const" in node:
            yield node["const"]
        labels = self._labels(node)
        if labels:
            yield from self._chosen(labels, field, prompt)
            return
        branches = self.schema.branches(node)
        if branches:
            for branch in self._ordered(branches, depth):
                yield self.value(branch, field, depth + 1, prompt)
            return
        kinds = types(node)
        for kind in [kind for kind in kinds if kind != "null"]:
            yield from self._typed(kind, node, field, depth, prompt, optional="null" in kinds)
        if "null" in kinds:
            yield None

    def _typed(
        self, kind: str, node: Node, field: Field, depth: int, prompt: Prompt, *, optional: bool
    ) -> Iterator[Json]:
        """Yield candidates of one JSON type: found ones, then null if allowed, then neutral."""
        if kind == "object":
            yield from self._objects(node, depth, prompt)
            return
        if kind == "array":
            yield from self._arrays(node, field, depth, prompt)
            return
        if kind == "string":
            yield from (neutral.plausible(node, text) for text in texts_for(node, field, prompt))
        elif kind in ("integer", "number"):
            yield from numbers_for(node, field, prompt, whole=kind == "integer")
        elif kind == "boolean":
            yield truth_of(field, prompt)
            yield False
            yield True
        yield from neutral.given(node)
        if optional:
            yield None
        if kind == "string":
            yield from neutral.text(node)
        elif kind in ("integer", "number"):
            yield from neutral.number(node, whole=kind == "integer")

    def _labels(self, node: Node) -> list[tuple[Json, Label]]:
        """Return the values to choose from, when the node is a closed list of them."""
        options = node.get("enum")
        if isinstance(options, list):
            said = node.get("enumDescriptions") or node.get("x-enum-descriptions")
            told = (
                said
                if isinstance(said, list) and len(said) == len(options)
                else [""] * len(options)
            )
            return [
                (value, Label(_label(value), str(text)))
                for value, text in zip(options, told, strict=True)
            ]
        for key in ("oneOf", "anyOf"):
            parts = node.get(key)
            if isinstance(parts, list) and parts:
                flats = [self.schema.flat(part) for part in parts]
                if all("const" in flat for flat in flats):
                    return [
                        (
                            flat["const"],
                            Label(
                                _label(flat["const"]),
                                f"{flat.get('title', '')} {flat.get('description', '')}".strip(),
                            ),
                        )
                        for flat in flats
                    ]
        return []

    def _chosen(
        self, labels: list[tuple[Json, Label]], field: Field, prompt: Prompt
    ) -> Iterator[Json]:
        stated = field.stated(prompt)
        if stated is not None:
            yield from (
                value for value, label in labels if label.name.lower() == stated.strip().lower()
            )
        best = choose([label for _, label in labels], prompt, field.about).index
        yield labels[best][0]
        yield from (value for value, _ in labels)

    def _ordered(self, branches: list[dict[str, Json]], depth: int) -> list[dict[str, Json]]:
        """Put null last, and beyond some depth the branch that needs least first."""

        def rank(branch: dict[str, Json]) -> tuple[bool, int]:
            return types(branch) == ["null"], len(encode(branch)) if depth > _DEEP else 0

        return sorted(branches, key=rank)

    def _objects(self, node: Node, depth: int, prompt: Prompt) -> Iterator[Json]:
        properties = node.get("properties")
        known = properties if isinstance(properties, Mapping) else {}
        required = [name for name in _names(node.get("required"))]
        wanted = list(dict.fromkeys([*(known if depth < _DEEP else ()), *required]))
        built: dict[str, Json] = {}
        for name in wanted:
            part = known.get(name, self._unnamed(node, name))
            if part is False:
                continue
            flat = self.schema.flat(part)
            value = self.value(part, Field(name, ""), depth + 1, prompt)
            if name in required or self.schema.fits(flat, value):
                built[name] = value
        least = neutral.bound(node, "minProperties", 0)
        number = 0
        while len(built) < least and number < 1000:
            number += 1
            built[f"field{number}"] = self.value(
                self._unnamed(node, f"field{number}"), Field("", ""), depth + 1, prompt
            )
        yield built
        most = neutral.bound(node, "maxProperties", len(built))
        yield dict(
            list({**{name: built[name] for name in required if name in built}, **built}.items())[
                :most
            ]
        )
        yield {name: built[name] for name in required if name in built}
        yield from neutral.given(node)

    def _unnamed(self, node: Node, name: str) -> Json:
        """Return the schema of a property that has none of its own."""
        rest = node.get("additionalProperties")
        return rest if isinstance(rest, Mapping) else {"type": "string"}

    def _arrays(self, node: Node, field: Field, depth: int, prompt: Prompt) -> Iterator[Json]:
        least = neutral.bound(node, "minItems", 0)
        most = neutral.bound(node, "maxItems", max(least, 50))
        firsts = node.get("prefixItems")
        fixed = firsts if isinstance(firsts, list) else []
        head = [
            self.value(part, Field(field.name, field.about), depth + 1, prompt) for part in fixed
        ]
        part = node.get("items", {} if not fixed else False)
        rest: list[Json] = []
        if part is not False:
            rest = self._items(
                part if isinstance(part, Mapping) else {}, field, depth, prompt, most - len(head)
            )
        while len(head) + len(rest) < least and part is not False:
            rest.append(self._another(part, field, depth, prompt, head + rest))
        made = head + rest
        if node.get("uniqueItems"):
            made = _distinct(made)
            for _ in range(64):
                if len(made) >= least or part is False:
                    break
                made = _distinct([*made, self._another(part, field, depth, prompt, made)])
        yield made[:most]
        yield head + rest[: max(least - len(head), 0)]
        contains = node.get("contains")
        if contains is not None:
            yield [*made, self.value(contains, field, depth + 1, prompt)]
        yield []

    def _items(
        self, part: Mapping[str, Json], field: Field, depth: int, prompt: Prompt, most: int
    ) -> list[Json]:
        flat = self.schema.flat(part)
        labels = self._labels(flat)
        if depth >= _DEEP or most <= 0:
            return []
        found: list[Json] = []
        for text in items_for(flat, field, prompt, [label for _, label in labels]):
            inner = Prompt(
                role=prompt.role,
                instruction=prompt.instruction,
                matter=text,
                examples=prompt.examples,
            )
            value = (
                next((one for one, label in labels if label.name == text), None)
                if labels
                else self.value(flat, Field(field.name, field.about, item=True), depth + 1, inner)
            )
            if self.schema.fits(flat, value):
                found.append(value)
        return found[:most]

    def _another(
        self, part: Json, field: Field, depth: int, prompt: Prompt, made: list[Json]
    ) -> Json:
        """Return one more item, different from those made when its schema leaves a choice."""
        flat = self.schema.flat(part)
        name = " ".join(name_words(field.name)).removesuffix("s") or "item"
        numbered = f"{name} {len(made) + 1}"
        if (
            types(flat) == ["string"]
            and not self._labels(flat)
            and self.schema.fits(flat, numbered)
        ):
            return numbered
        for candidate in islice(self._candidates(flat, Field("", ""), depth + 1, prompt), _TRIES):
            if candidate not in made and self.schema.fits(flat, candidate):
                return candidate
        for counter in range(len(made) + 2):
            for candidate in (
                counter,
                f"{name} {counter + 1}",
                f"{counter:0{max(neutral.bound(flat, 'minLength', 1), 1)}d}",
            ):
                if candidate not in made and self.schema.fits(flat, candidate):
                    return candidate
        return self.value(flat, Field(field.name, field.about), depth + 1, prompt)


def _label(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else encode(value).decode()


def _names(value: Json) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _distinct(values: list[Json]) -> list[Json]:
    seen: dict[bytes, Json] = {}
    for value in values:
        seen.setdefault(encode(value), value)
    return list(seen.values())
