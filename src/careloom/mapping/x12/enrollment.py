"""834: who joins and leaves a health plan (guide X220)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop, Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.parties import organization, patient, relationship
from careloom.mapping.x12.source import Row, Source, present, where
from careloom.model import Coverage, CoverageClass, Enrollment, EnrollmentChanged, Identifier, Money, Patient, Period
from careloom.model.eligibility import Maintenance

_DEFAULTS = Settings()
# Data element 875 (INS03, HD01).
_ACTION: Final[Mapping[str, Maintenance]] = {
    "021": "added", "001": "changed", "024": "terminated", "025": "reinstated", "030": "audit", "002": "cancelled",
    "026": "changed", "032": "changed",
}  # fmt: skip
_OWN_NUMBERS = ("17", "23", "ABB", "DX", "F6", "Q4", "ZZ", "3H", "6O")
_PREMIUM = ("P3", "B9", "C1")

DROPPED: Mapping[str, str] = {
    "BGN": "the number and the kind of the file; each member has its own",
    "QTY": "how many members the file has, which the members show",
    "1000C": "brokers and administrators between sponsor and plan",
    "2100A/EC": "employment class of the member: payroll's concern",
    "2100A/ICM": "the member's income: the plan's concern",
    "2100A/HLH": "height, weight and habits are clinical",
    "2100A/LUI": "languages of the member: the plan's concern",
    "2100B": "what was wrong before it was corrected",
    "2100C": "a second address for mail",
    "2100D": "the member's employer; the sponsor is carried",
    "2100E": "the member's school",
    "2100F": "a custodial parent",
    "2100G": "guardians and other persons responsible",
    "2100H": "a second address for drugs by mail",
    "2200": "disability is clinical",
    "2300/IDC": "identification cards to print",
    "2310": "the member's physicians as the plan keeps them",
    "2320": "coordination with other plans is between the plans",
    "2700": "categories for the plan's own reports",
    "2750": "categories for the plan's own reports",
}


def translate(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """An `enrollment.changed` for each member. Raises MappingError for a member without any number (`2000/REF02`), or
    whose change is of no kind that we know (`INS03`)."""
    source = Source(transaction, settings)
    sponsor = organization(source, source.root.loop("1000A"), "employer")
    insurer = organization(source, source.root.loop("1000B"), "payer")
    events = []
    for member in source.root.loops("2000"):
        person = _person(source, member)
        policy = source.ref(member, "1L") or source.ref(source.root, "38")
        coverage = tuple([_coverage(source, hd, member, policy) for hd in member.loops("2300")])
        ins = source.row(member, "INS")
        enrollment = Enrollment(
            identifier=person.identifier,
            subscriber=source.first(member, "REF", "0F").identifier(2),
            action=_action(ins),
            reason=ins.text(4),
            effective=_effective(source, member),
            relationship=relationship(ins, 2),
            employment_status=ins.text(8),
            sponsor=sponsor,
            insurer=insurer,
            coverage=coverage,
            premium=_premium(source, member),
        )
        events.append(source.event(EnrollmentChanged, enrollment=enrollment, member=person))
    return source.translation([*events], "the file names no member")


def _action(ins: Row) -> Maintenance:
    found = _ACTION.get(ins.need(3, "the kind of change"))
    if found is None:
        raise MappingError("is no kind of change that we know; a person must look at it", ins.place(3))
    return found


def _person(source: Source, member: Loop) -> Patient:
    """The member, known by its own number where it has one, else by the family's, a dependent's alternate."""
    own = source.first(member, "REF", *_OWN_NUMBERS).identifier(2, "MB")
    family = source.ref(member, "0F")
    policy_holder = source.row(member, "INS").text(1) != "N"
    shared = Identifier(value=family, type="MB") if family and policy_holder else None
    alternate = Identifier(value=family, type="SN", use="secondary") if family and not policy_holder else None
    numbers = (shared, own, alternate) if policy_holder else (own, alternate)
    named = member.loop("2100A")
    found = patient(source, named, *numbers) if named is not None else None
    identifiers = found.identifier if found else present(*numbers)
    if not identifiers:
        raise MappingError("the member has no number; the sender must give one", f"{where(member)}REF02")
    ranked = tuple(sorted(identifiers, key=lambda one: (one.use == "secondary", one.type == "SS")))
    if found is None:
        return Patient(identifier=ranked)
    return Patient(
        identifier=ranked, name=found.name, birth_date=found.birth_date, gender=found.gender, address=found.address,
        telecom=found.telecom,
    )  # fmt: skip


def _effective(source: Source, member: Loop) -> str | None:
    """When it holds: of the change (303), of the member (356, 357), of the plan (348, 349), of the file (007)."""
    places = [member, *member.loops("2300"), source.root]
    for qualifiers in (("303",), ("356", "357"), ("348", "349"), ("007", "382")):
        for loop in places:
            found = source.first(loop, "DTP", *qualifiers).period()
            if found is not None:
                return found.start
    return None


def _coverage(source: Source, hd_loop: Loop, member: Loop, policy: str | None) -> Coverage:
    hd = source.row(hd_loop, "HD")
    plan = hd.text(4)
    opening = source.row(hd_loop, "DTP", "348").period()
    closing = source.row(hd_loop, "DTP", "349").period()
    group = source.ref(hd_loop, "1L") or policy
    return Coverage(
        payor=organization(source, source.root.loop("1000B"), "payer"),
        subscriber_id=source.ref(member, "0F"),
        type=hd.text(3),
        plan=CoverageClass(value=plan) if plan else None,
        group=CoverageClass(value=group) if group else None,
        period=_days(opening, closing),
        relationship=relationship(source.row(member, "INS"), 2),
    )


def _days(opening: Period | None, closing: Period | None) -> Period | None:
    if opening is None and closing is None:
        return None
    return Period(start=opening.start if opening else None, end=closing.end if closing else None)


def _premium(source: Source, member: Loop) -> Money | None:
    """What all plans of the member cost together."""
    rows = [source.first(hd, "AMT", *_PREMIUM) for hd in member.loops("2300")]
    amounts = [amount.value for row in rows if (amount := row.money(2)) is not None]
    return source.money(sum(amounts, Decimal(0))) if amounts else None


MAPPINGS = (SetMapping("x12", ("834",), translate),)
