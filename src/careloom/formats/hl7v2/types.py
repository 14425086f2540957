"""Values of the composite data types that mappings meet most, as plain tuples in the order of their components.

Each is read from a value (`pid.patient_identifiers.identifier`) and can be given to a builder as it is. Absent parts
are `""`; times stay text here, and are read with `Value.time`. Sources: HL7 v2.5.1 chapter 2A.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from careloom.core.errors import FormatError


class Coded(NamedTuple):
    """CE, CWE, CNE, CF, or a bare code (IS, ID, ST): then only `code` is filled."""

    code: str = ""
    text: str = ""
    system: str = ""
    alternate_code: str = ""
    alternate_text: str = ""
    alternate_system: str = ""
    system_version: str = ""
    alternate_system_version: str = ""
    original_text: str = ""


class Authority(NamedTuple):
    """HD: who assigns identifiers, or an application or facility."""

    namespace: str = ""
    universal_id: str = ""
    universal_id_type: str = ""


class Identifier(NamedTuple):
    """CX: an identifier of a person, visit or account. `type` is a code of table 0203, such as MR."""

    id: str = ""
    check_digit: str = ""
    check_digit_scheme: str = ""
    authority: Authority = Authority()
    type: str = ""
    facility: Authority = Authority()
    effective: str = ""
    expiration: str = ""


class Entity(NamedTuple):
    """EI: the identifier of an order, a document, an appointment."""

    id: str = ""
    namespace: str = ""
    universal_id: str = ""
    universal_id_type: str = ""


class PersonName(NamedTuple):
    """XPN and PN. `type` is a code of table 0200, such as L."""

    family: str = ""
    given: str = ""
    middle: str = ""
    suffix: str = ""
    prefix: str = ""
    degree: str = ""
    type: str = ""


class Person(NamedTuple):
    """XCN and CN: a person with an identifier, such as a clinician."""

    id: str = ""
    family: str = ""
    given: str = ""
    middle: str = ""
    suffix: str = ""
    prefix: str = ""
    degree: str = ""
    source_table: str = ""
    authority: Authority = Authority()
    name_type: str = ""
    check_digit: str = ""
    check_digit_scheme: str = ""
    identifier_type: str = ""
    facility: Authority = Authority()


class Address(NamedTuple):
    """XAD and AD; `street` is the first line."""

    street: str = ""
    other: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    type: str = ""
    other_geographic: str = ""
    county: str = ""


class Telecom(NamedTuple):
    """XTN and TN: a telephone number or an electronic address."""

    number: str = ""
    use: str = ""
    equipment: str = ""
    email: str = ""
    country_code: str = ""
    area_code: str = ""
    local_number: str = ""
    extension: str = ""
    text: str = ""


class Location(NamedTuple):
    """PL: a place in a hospital."""

    point_of_care: str = ""
    room: str = ""
    bed: str = ""
    facility: Authority = Authority()
    status: str = ""
    type: str = ""
    building: str = ""
    floor: str = ""
    description: str = ""


class Organization(NamedTuple):
    """XON: an organization; `id` is its number, `identifier` the alphanumeric one (XON-10)."""

    name: str = ""
    type: str = ""
    id: str = ""
    check_digit: str = ""
    check_digit_scheme: str = ""
    authority: Authority = Authority()
    identifier_type: str = ""
    facility: Authority = Authority()
    representation: str = ""
    identifier: str = ""


class StructuredNumber(NamedTuple):
    """SN: `>^60`, `1^:^128`, `2^-^5`."""

    comparator: str = ""
    first: str = ""
    separator: str = ""
    second: str = ""


class Encapsulated(NamedTuple):
    """ED: a document inside a message. `encoding` is of table 0299: A, Hex or Base64."""

    source: str = ""
    type: str = ""
    subtype: str = ""
    encoding: str = ""
    content: str = ""

    def decoded(self) -> bytes:
        """The document. FormatError when the content is not what its encoding says."""
        kind = self.encoding.strip().lower()
        try:
            if kind == "base64":
                return base64.b64decode("".join(self.content.split()), validate=True)
            return bytes.fromhex(self.content) if kind == "hex" else self.content.encode()
        except (binascii.Error, ValueError):
            reason = f"not {kind} data"
        raise FormatError(reason, "ED.5")
