"""The service lines of an 837: loop 2400 with SV1, SV2 or SV3."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import Draft, DraftLoop, loop, segment
from careloom.mapping.x12.sending.drafts import clinician, dated, need, procedure, specialty
from careloom.mapping.x12.sending.insurance import adjusted
from careloom.model import Claim, ClaimItem, PriorPayment

_UNITS: Final = "UN"
_MOUTH: Final = "X12-1361"


def line(claim: Claim, item: ClaimItem) -> DraftLoop:
    """One line. Raises MappingError for a line without a code, a revenue code or a day where the guide needs it."""
    field = f"claim.item[{item.sequence - 1}]"
    professional = claim.type == "professional"
    number, leave = item.identifier, item.authorization
    return loop(
        "2400",
        segment("LX", item.sequence),
        _SERVICES[claim.type](claim, item, field),
        *(_teeth(item) if claim.type == "dental" else ()),
        _serviced(claim, item, field),
        segment("REF", "G1", leave.value) if leave is not None else None,
        segment("REF", "6R", number.value) if number is not None else None,
        _drug(item) if claim.type != "dental" else None,
        *_people(item, field, professional=professional, facility=claim.type == "institutional"),
        *[_settled(item, one, field) for one in item.prior_payment],
    )


def _serviced(claim: Claim, item: ClaimItem, field: str) -> Draft | None:
    """DTP 472; every line of a professional claim has one."""
    found = dated("472", item.serviced)
    if claim.type != "professional":
        return found
    found = found or dated("472", claim.billable_period)
    if found is None:
        raise MappingError("the day of the service is missing; give it", f"{field}.serviced")
    return found


def _units(item: ClaimItem) -> tuple[str, Decimal]:
    """A line without a quantity is one unit."""
    quantity = item.quantity
    return (quantity.unit or _UNITS, quantity.value) if quantity is not None else (_UNITS, Decimal(1))


def _professional(claim: Claim, item: ClaimItem, field: str) -> Draft:
    code = procedure(item.product_or_service, item.modifier, item.description)
    pointers = item.diagnosis[:4] or ((1,) if claim.diagnosis else ())
    need(code[1] if code else None, "the code of the service", f"{field}.productOrService")
    return segment("SV1", code, item.net.value, *_units(item), item.place_of_service, None, pointers)


def _institutional(claim: Claim, item: ClaimItem, field: str) -> Draft:  # noqa: ARG001 - one of _SERVICES
    revenue = need(item.revenue_code, "the revenue code", f"{field}.revenueCode")
    code = procedure(item.product_or_service, item.modifier, item.description)
    return segment("SV2", revenue, code, item.net.value, *_units(item))


def _dental(claim: Claim, item: ClaimItem, field: str) -> Draft:  # noqa: ARG001 - one of _SERVICES
    code = procedure(item.product_or_service, item.modifier, item.description)
    need(code[1] if code else None, "the code of the service", f"{field}.productOrService")
    areas = tuple(site.code for site in item.body_site if site.system == _MOUTH)
    count = item.quantity.value if item.quantity is not None else Decimal(1)
    pointers = item.diagnosis[:4] or None
    return segment("SV3", code, item.net.value, item.place_of_service, areas, None, count, *[None] * 4, pointers)


_SERVICES: Final = {"professional": _professional, "institutional": _institutional, "dental": _dental}


def _teeth(item: ClaimItem) -> list[Draft]:
    """TOO; the surfaces are those of the first tooth."""
    teeth = [site for site in item.body_site if site.system != _MOUTH]
    return [
        segment("TOO", site.system or "JP", site.code, item.surface if number == 0 else None)
        for number, site in enumerate(teeth)
    ]


def _drug(item: ClaimItem) -> DraftLoop | None:
    if item.drug is None:
        return None
    quantity = item.drug_quantity
    amount = segment("CTP", None, None, None, quantity.value, (quantity.unit or _UNITS,)) if quantity else None
    return loop("2410", segment("LIN", None, "N4", item.drug.code), amount)


def _people(item: ClaimItem, field: str, *, professional: bool, facility: bool) -> list[DraftLoop]:
    found = []
    if item.rendering is not None:
        id, role = ("2420C" if facility else "2420A"), "" if facility else "PE"
        who = clinician("82", item.rendering, f"{field}.rendering")
        found.append(loop(id, who, specialty(role, item.rendering) if role else None))
    if item.ordering is not None and professional:
        found.append(loop("2420E", clinician("DK", item.ordering, f"{field}.ordering")))
    return found


def _settled(item: ClaimItem, payment: PriorPayment, field: str) -> DraftLoop:
    """2430: what another payer paid for the line, and for which code."""
    payor = payment.payor.identifier[0].value if payment.payor is not None and payment.payor.identifier else None
    paid = payment.paid
    code = procedure(item.product_or_service, item.modifier)
    number = need(payor, "the number of the payer that paid before", f"{field}.priorPayment.payor")
    return loop(
        "2430",
        segment("SVD", number, paid.value if paid else Decimal(0), code, item.revenue_code, _units(item)[1]),
        *adjusted(payment.adjustment),
        segment("DTP", "573", "D8", payment.date.replace("-", "")) if payment.date else None,
    )
