"""JSON by contract: documents checked against a JSON Schema, every fault at its JSON Pointer, no value in any text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import jsonschema_rs

from careloom.core.errors import ConfigurationError, FormatError
from careloom.formats.inspection import Finding
from careloom.formats.jsondoc.faults import fault_text
from careloom.formats.jsondoc.pointers import pointer
from careloom.formats.jsondoc.reading import DEFAULT, Bounds, Json, read, read_lines

_DRAFTS: Final[Mapping[str, type[jsonschema_rs.Draft202012Validator] | type[jsonschema_rs.Draft7Validator]]] = {
    "https://json-schema.org/draft/2020-12/schema": jsonschema_rs.Draft202012Validator,
    "http://json-schema.org/draft-07/schema": jsonschema_rs.Draft7Validator,
}
_MOST_FINDINGS: Final = 200


class Contract:
    """A schema, ready to check documents. Make it with `Contract.load`."""

    def __init__(self, validator: jsonschema_rs.Validator, name: str, bounds: Bounds) -> None:
        self._validator = validator
        self._bounds = bounds
        self.name = name

    @classmethod
    def load(cls, schema: bytes | str | Mapping[str, object], *, bounds: Bounds = DEFAULT) -> Contract:
        """The contract of a JSON Schema, 2020-12 (also when it names none) or draft-07.

        ConfigurationError when it is no schema, of another draft, or refers to anything outside itself: nothing is
        fetched. Its patterns are matched in linear time, and those that cannot be are refused.
        """
        declared = schema if isinstance(schema, Mapping) else _declared(schema)
        draft = str(declared.get("$schema", "https://json-schema.org/draft/2020-12/schema")).removesuffix("#")
        if draft not in _DRAFTS:
            raise ConfigurationError("the schema is of a draft that is not read; use 2020-12 or draft-07 ($schema)")
        try:
            validator = _DRAFTS[draft](
                dict(declared), offline=True, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
            )
        except jsonschema_rs.ValidationError as error:
            raise ConfigurationError(_schema_mistake(error)) from None
        return cls(validator, str(declared.get("$id") or declared.get("title") or ""), bounds)

    def check(self, data: bytes) -> list[Finding]:
        """Everything that is wrong with one document, at most 200 findings; none when it keeps the contract."""
        try:
            value = read(data, self._bounds)
        except FormatError as error:
            return [Finding(code="unreadable", place=error.location, text=error.reason)]
        return list(self._faults(value, ""))

    def check_lines(self, data: bytes) -> list[Finding]:
        """The same for a file of JSON lines, each a document; places begin with the line."""
        findings: list[Finding] = []
        try:
            for line in read_lines(data, self._bounds):
                findings += self._line(line.number, line.value, line.error)
                if len(findings) >= _MOST_FINDINGS:
                    return findings[:_MOST_FINDINGS]
        except FormatError as error:
            findings.append(Finding(code="unreadable", place=error.location, text=error.reason))
        return findings

    def _line(self, number: int, value: Json, error: FormatError | None) -> Iterable[Finding]:
        if error is not None:
            return (Finding(code="unreadable", place=error.location, text=error.reason),)
        return self._faults(value, f"line {number}")

    def _faults(self, value: Json, before: str) -> Iterator[Finding]:
        for count, error in enumerate(self._validator.iter_errors(value)):
            if count == _MOST_FINDINGS:
                return
            place = pointer(error.instance_path)
            yield Finding(
                code=error.kind.name,
                place=f"{before} {place or '/'}".strip(),
                text=fault_text(error.kind),
            )


def _schema_mistake(error: jsonschema_rs.ValidationError) -> str:
    if error.kind.name == "$ref":
        return "the schema refers to what is not in it, and nothing is fetched; put it under $defs"
    return f"the schema is not right at {pointer(error.instance_path) or '/'}: {error.message}"


def _declared(schema: bytes | str) -> Mapping[str, object]:
    try:
        declared = json.loads(schema)
    except (ValueError, RecursionError):
        raise ConfigurationError("the schema is no JSON; correct the file") from None
    if not isinstance(declared, dict):
        raise ConfigurationError("the schema is no JSON object; correct the file")
    return declared
