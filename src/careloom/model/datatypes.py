"""The parts that entities are made of: FHIR R4 datatypes, cut down to what billing and supply need.

Two simplifications hold everywhere. A coded value is its code alone (FHIR: CodeableConcept), since every code here
comes from one fixed table. A reference is what it points at, or its name (FHIR: Reference), since an event must make
sense without a server to ask.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

Text: TypeAlias = Annotated[str, Meta(min_length=1)]
"""A value that is there. An absent value is null or left out, never an empty string."""

Date: TypeAlias = Annotated[
    str,
    Meta(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$", description="A year, a month or a day: only what the sender knew."),
]
DateTime: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?)?)?$",
        description="FHIR dateTime: a Date, or an instant with its offset from UTC.",
    ),
]
Gender: TypeAlias = Literal["male", "female", "other", "unknown"]


class Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """Base of everything canonical: immutable, camelCase on the wire, absent values left out.

    `gc=False`: no element can be part of a reference cycle, and the collector need not visit millions of them.
    """


class Period(Element, frozen=True, kw_only=True):
    """From when to when, both ends included; an absent end is open or not known."""

    start: DateTime | None = None
    end: DateTime | None = None


class Identifier(Element, frozen=True, kw_only=True):
    """A number by which somebody knows something. `value` is unique only together with `assigner`.

    `system` is the assigner as a URI where the sender gave one (`urn:oid:...`); `assigner` is its short name, or its
    universal id; `type` is a code of HL7 table 0203 (`MR`, `VN`, `AN`, `NPI`). `use` is `secondary` for
    alternates that the sender keeps beside its own number.
    """

    value: Text
    type: Text | None = None
    assigner: Text | None = None
    system: Text | None = None
    use: Literal["usual", "official", "temp", "secondary", "old"] | None = None


class HumanName(Element, frozen=True, kw_only=True):
    """A person's name in parts. `text` is set only where the parts are not known."""

    use: Literal["usual", "official", "temp", "nickname", "anonymous", "old", "maiden"] | None = None
    text: Text | None = None
    family: Text | None = None
    given: tuple[Text, ...] = ()
    prefix: tuple[Text, ...] = ()
    suffix: tuple[Text, ...] = ()


class Address(Element, frozen=True, kw_only=True):
    """A place that mail reaches. `country` is the sender's own code or name."""

    use: Literal["home", "work", "temp", "old", "billing"] | None = None
    type: Literal["postal", "physical", "both"] | None = None
    line: tuple[Text, ...] = ()
    city: Text | None = None
    district: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None


class ContactPoint(Element, frozen=True, kw_only=True):
    """One way to reach somebody. `extension` is the one of a telephone, dialled after the number."""

    system: Literal["phone", "fax", "email", "pager", "url", "sms", "other"]
    value: Text
    use: Literal["home", "work", "temp", "old", "mobile"] | None = None
    extension: Text | None = None
