"""A hospital's own interface specification as data: what its messages must have beyond HL7, and what they may not.

profile = Profile.from_toml('''
    name = "Northshore ADT"
    required = ["NK1", "PV1-19", "PID-3.4.1"]    # segments, fields, components; checked in each repetition
    forbidden = ["PID-19"]
    ignore = ["field-missing@PV1-44", "code-unusual"]
    [lengths]
    "PID-5.1" = 25
    [tables]
    "PV1-2" = ["I", "O", "E"]                    # replaces the HL7 table there
    "DG1-3.1" = "diagnoses.txt"                  # a file beside the profile: one code a line
    [types]
    "ZPD-3" = "DT"                               # Z segments named anywhere here are known
    [cardinality]
    NK1 = [1, 3]
''')
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from careloom.core.errors import ConfigurationError
from careloom.formats.codefile import ReadFile, codes_in

_PLACE: Final = re.compile(
    r"([A-Z][A-Z0-9]{2})(?:-([1-9]\d{0,2})(?:\.([1-9]\d{0,2}))?(?:\.([1-9]\d{0,2}))?)?", re.ASCII
)


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one interface asks for. `structure` and `version` replace those of the message when they are given.

    Keys are places without numbers of segment or repetition: `PID`, `PID-3`, `PID-3.4`, `PID-3.4.1`. A rule on a
    segment that is not in a message asks nothing, except `required` and `cardinality` of the segment itself.
    """

    name: str
    structure: str = ""
    version: str = ""
    required: Sequence[str] = ()
    forbidden: Sequence[str] = ()
    ignore: Sequence[str] = ()
    lengths: Mapping[str, int] = msgspec.field(default_factory=dict)
    tables: Mapping[str, frozenset[str]] = msgspec.field(default_factory=dict)
    types: Mapping[str, str] = msgspec.field(default_factory=dict)
    cardinality: Mapping[str, tuple[int, int]] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        for place in self.places():
            place_of(place)
        for name in self.cardinality:
            if "-" in name:
                raise ConfigurationError(f"profile {self.name}: cardinality is of segments; {name} is none")

    def places(self) -> Sequence[str]:
        """Every place that the profile names."""
        return [*self.required, *self.forbidden, *self.lengths, *self.tables, *self.types, *self.cardinality]

    def segments(self) -> frozenset[str]:
        """The segments that the profile names."""
        return frozenset(place[:3] for place in self.places())

    @classmethod
    def from_mapping(cls, declared: Mapping[str, Any], read: ReadFile | None = None) -> Profile:
        """The profile that a mapping declares; `read` gives the files of codes that it names. ConfigurationError names
        the key that is wrong."""
        try:
            return msgspec.convert(_with_files_read(declared, read), cls)
        except msgspec.ValidationError as error:
            reason = str(error)
        raise ConfigurationError(f"the HL7 v2 profile is not usable: {reason}")

    @classmethod
    def from_toml(cls, text: str, read: ReadFile | None = None) -> Profile:
        """The profile in a TOML text. ConfigurationError when it is no TOML or no profile."""
        try:
            declared = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"the HL7 v2 profile is no TOML: {error}") from None
        except RecursionError:
            raise ConfigurationError("the HL7 v2 profile nests too deep") from None
        return cls.from_mapping(declared, read)


def _with_files_read(declared: Mapping[str, Any], read: ReadFile | None) -> Mapping[str, Any]:
    tables = declared.get("tables")
    if not isinstance(tables, Mapping):
        return declared
    try:
        codes = {place: codes_in(one, read) if isinstance(one, str) else one for place, one in tables.items()}
    except ConfigurationError as error:
        raise ConfigurationError(f"the tables of the HL7 v2 profile: {error}") from None
    return {**declared, "tables": codes}


def place_of(text: str) -> tuple[str, int, int, int]:
    """Segment, field, component, sub-component of a place in a profile; 0 where not named. ConfigurationError else."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ConfigurationError(f"{text!r} is no place of a message; write SEG, SEG-F, SEG-F.C or SEG-F.C.S")
    segment, field, component, subcomponent = found.groups()
    return segment, int(field or 0), int(component or 0), int(subcomponent or 0)
