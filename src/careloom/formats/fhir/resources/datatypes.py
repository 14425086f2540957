"""The data types that resources are made of (FHIR R4 2.24), as far as integration reads and writes them."""

from __future__ import annotations

from decimal import Decimal

from careloom.formats.fhir.resources.bases import Element


class Extension(Element, frozen=True, kw_only=True):
    """Something beyond the standard, under its URL."""

    id: str | None = None
    extension: tuple[Extension, ...] = ()
    url: str | None = None
    value_base64_binary: str | None = None
    value_boolean: bool | None = None
    value_canonical: str | None = None
    value_code: str | None = None
    value_date: str | None = None
    value_date_time: str | None = None
    value_decimal: Decimal | None = None
    value_instant: str | None = None
    value_integer: int | None = None
    value_string: str | None = None
    value_uri: str | None = None
    value_url: str | None = None
    value_address: Address | None = None
    value_annotation: Annotation | None = None
    value_attachment: Attachment | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_coding: Coding | None = None
    value_contact_point: ContactPoint | None = None
    value_human_name: HumanName | None = None
    value_identifier: Identifier | None = None
    value_money: Money | None = None
    value_period: Period | None = None
    value_quantity: Quantity | None = None
    value_reference: Reference | None = None


class Meta(Element, frozen=True, kw_only=True):
    """Version, time, profiles and labels of a resource."""

    version_id: str | None = None
    last_updated: str | None = None
    source: str | None = None
    profile: tuple[str | None, ...] = ()
    security: tuple[Coding, ...] = ()
    tag: tuple[Coding, ...] = ()


class Coding(Element, frozen=True, kw_only=True):
    """One code of one system."""

    system: str | None = None
    version: str | None = None
    code: str | None = None
    display: str | None = None
    user_selected: bool | None = None


class CodeableConcept(Element, frozen=True, kw_only=True):
    """What is meant, as codes and as text."""

    coding: tuple[Coding, ...] = ()
    text: str | None = None


class Identifier(Element, frozen=True, kw_only=True):
    """A business identifier; `system` says whose."""

    use: str | None = None
    type: CodeableConcept | None = None
    system: str | None = None
    value: str | None = None
    period: Period | None = None
    assigner: Reference | None = None


class Reference(Element, frozen=True, kw_only=True):
    """Another resource, by its place or by its identifier."""

    reference: str | None = None
    type: str | None = None
    identifier: Identifier | None = None
    display: str | None = None


class Period(Element, frozen=True, kw_only=True):
    """From `start` to `end`, both included."""

    start: str | None = None
    end: str | None = None


class Quantity(Element, frozen=True, kw_only=True):
    """A value and its unit. Also Age, Count, Distance, Duration."""

    value: Decimal | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Money(Element, frozen=True, kw_only=True):
    """An amount and its ISO 4217 currency."""

    value: Decimal | None = None
    currency: str | None = None


class Range(Element, frozen=True, kw_only=True):
    """From `low` to `high`."""

    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Element, frozen=True, kw_only=True):
    """One quantity against another."""

    numerator: Quantity | None = None
    denominator: Quantity | None = None


class HumanName(Element, frozen=True, kw_only=True):
    """A name and what it is used for."""

    use: str | None = None
    text: str | None = None
    family: str | None = None
    given: tuple[str | None, ...] = ()
    prefix: tuple[str | None, ...] = ()
    suffix: tuple[str | None, ...] = ()
    period: Period | None = None


class ContactPoint(Element, frozen=True, kw_only=True):
    """A phone, a mail address, a page."""

    system: str | None = None
    value: str | None = None
    use: str | None = None
    rank: int | None = None
    period: Period | None = None


class Address(Element, frozen=True, kw_only=True):
    """A postal address."""

    use: str | None = None
    type: str | None = None
    text: str | None = None
    line: tuple[str | None, ...] = ()
    city: str | None = None
    district: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    period: Period | None = None


class Attachment(Element, frozen=True, kw_only=True):
    """Content, here or at a URL."""

    content_type: str | None = None
    language: str | None = None
    data: str | None = None
    url: str | None = None
    size: int | None = None
    hash: str | None = None
    title: str | None = None
    creation: str | None = None


class Annotation(Element, frozen=True, kw_only=True):
    """A note, and whose."""

    author_reference: Reference | None = None
    author_string: str | None = None
    time: str | None = None
    text: str | None = None


class Signature(Element, frozen=True, kw_only=True):
    """A signature over what it is in."""

    type: tuple[Coding, ...] = ()
    when: str | None = None
    who: Reference | None = None
    on_behalf_of: Reference | None = None
    target_format: str | None = None
    sig_format: str | None = None
    data: str | None = None


class Timing(Element, frozen=True, kw_only=True):
    """When something is to happen, and how often."""

    event: tuple[str | None, ...] = ()
    repeat: TimingRepeat | None = None
    code: CodeableConcept | None = None


class TimingRepeat(Element, frozen=True, kw_only=True):
    """The rule of a `Timing`."""

    bounds_duration: Quantity | None = None
    bounds_range: Range | None = None
    bounds_period: Period | None = None
    count: int | None = None
    count_max: int | None = None
    duration: Decimal | None = None
    duration_max: Decimal | None = None
    duration_unit: str | None = None
    frequency: int | None = None
    frequency_max: int | None = None
    period: Decimal | None = None
    period_max: Decimal | None = None
    period_unit: str | None = None
    day_of_week: tuple[str | None, ...] = ()
    time_of_day: tuple[str | None, ...] = ()
    when: tuple[str | None, ...] = ()
    offset: int | None = None


class Dosage(Element, frozen=True, kw_only=True):
    """How a medication is to be taken."""

    sequence: int | None = None
    text: str | None = None
    additional_instruction: tuple[CodeableConcept, ...] = ()
    patient_instruction: str | None = None
    timing: Timing | None = None
    as_needed_boolean: bool | None = None
    as_needed_codeable_concept: CodeableConcept | None = None
    site: CodeableConcept | None = None
    route: CodeableConcept | None = None
    method: CodeableConcept | None = None
    dose_and_rate: tuple[DosageDoseAndRate, ...] = ()
    max_dose_per_period: Ratio | None = None
    max_dose_per_administration: Quantity | None = None
    max_dose_per_lifetime: Quantity | None = None


class DosageDoseAndRate(Element, frozen=True, kw_only=True):
    """How much, and how fast."""

    type: CodeableConcept | None = None
    dose_range: Range | None = None
    dose_quantity: Quantity | None = None
    rate_ratio: Ratio | None = None
    rate_range: Range | None = None
    rate_quantity: Quantity | None = None


class ContactDetail(Element, frozen=True, kw_only=True):
    """Whom to ask."""

    name: str | None = None
    telecom: tuple[ContactPoint, ...] = ()


class UsageContext(Element, frozen=True, kw_only=True):
    """Where something is meant to be used."""

    code: Coding | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_range: Range | None = None
    value_reference: Reference | None = None
