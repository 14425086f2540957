"""The parts that entities are made of: FHIR R4 datatypes, cut down to what billing and supply need.

Two simplifications hold everywhere. A value of one fixed table is its code alone (FHIR: CodeableConcept); a
`CodeableConcept` stands only where codes of several systems meet (procedures, drugs). A reference is what it points
at, or its number (FHIR: Reference), since an event must make sense without a server to ask; a `Reference` stands only
where it may point at things of several kinds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal, TypeAlias

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
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
"""A moment, with its offset from UTC."""

Gender: TypeAlias = Literal["male", "female", "other", "unknown"]


class Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """Base of everything canonical: immutable, camelCase on the wire, absent values left out.

    `gc=False`: no element can be part of a reference cycle, and the collector need not visit millions of them.
    `personal` names the fields that tell who a person is, for masking; `*` is all of them.
    """

    personal: ClassVar[tuple[str, ...]] = ()


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


class Person(Element, frozen=True, kw_only=True):
    """One human being, whatever systems call them: `id` in our person index, and the number by which others know the
    person, for readers who know no index: of the oldest record that its source did not end."""

    personal: ClassVar[tuple[str, ...]] = ("number",)

    id: Text
    number: Identifier


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


class Coding(Element, frozen=True, kw_only=True):
    """A code of one code system.

    `system` is the system as FHIR's URI where there is one (`http://www.ama-assn.org/go/cpt`,
    `http://hl7.org/fhir/sid/icd-10-cm`), else its short name as the sender writes it; without one, it is the sender's
    own table.
    """

    code: Text
    system: Text | None = None
    version: Text | None = None
    display: Text | None = None


class CodeableConcept(Element, frozen=True, kw_only=True):
    """One idea in the codes of several systems, the sender's preferred code first; `text` is how people call it."""

    coding: tuple[Coding, ...] = ()
    text: Text | None = None


class Reference(Element, frozen=True, kw_only=True):
    """Points at a thing of the kind `type` (`Patient`, `Claim`, `Invoice`) by its number."""

    type: Text
    identifier: Identifier | None = None
    display: Text | None = None


Identifiers: TypeAlias = Annotated[tuple[Identifier, ...], Meta(min_length=1)]
"""At least one identifier: without one, nothing can be said to be the same."""
