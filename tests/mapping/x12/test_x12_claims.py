"""837: claims as they are sent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import MappingError
from careloom.mapping.reading.x12 import CLAIMS

Events = Callable[..., list[Any]]


def test_a_professional_claim(events: Events) -> None:
    first, _ = events("837p_office_visit.edi")
    claim = first.claim
    assert (claim.type, claim.identifier[0].value, claim.total.value) == ("professional", "ENC-88101", Decimal(500))
    assert [(one.assigner, one.value) for one in claim.identifier[1:]] == [("clearinghouse", "CH0000123")]
    assert (claim.facility_type, claim.frequency, claim.created) == ("11", "1", "2026-03-10")
    assert [one.value for one in claim.authorization] == ["AUTH2026-0042"]
    assert [(one.sequence, one.type, one.code.code) for one in claim.diagnosis] == [
        (1, "principal", "M1711"), (2, "other", "M25561"),
    ]  # fmt: skip
    assert claim.rendering.specialty[0].code == "207X00000X"
    assert claim.referring.name.family == "FOXGLOVE"
    assert {one.type: one.value for one in claim.provider.identifier} == {"NPI": "1999999919", "TAX": "990000002"}
    assert sum(item.net.value for item in claim.item) == claim.total.value


def test_its_lines(events: Events) -> None:
    first, second = events("837p_office_visit.edi")
    visit, picture = first.claim.item
    assert (visit.identifier.value, visit.diagnosis, visit.quantity.unit) == ("LINE-1", (1, 2), "UN")
    assert visit.product_or_service.coding[0].system == "http://www.ama-assn.org/go/cpt"
    assert (picture.modifier, picture.serviced.start) == (("RT",), "2026-02-03")
    drug = second.claim.item[0]
    assert (drug.drug.code, drug.drug_quantity.value, drug.drug_quantity.unit) == ("99999000201", Decimal(2), "ML")
    paid = drug.prior_payment[0]
    assert (paid.paid.value, paid.date, paid.adjustment[0].amount.value) == (Decimal(60), "2026-02-20", Decimal(40))


def test_a_dependent_and_what_another_payer_paid(events: Events) -> None:
    _, second = events("837p_office_visit.edi")
    assert second.patient.name[0].given == ("IDA",)
    assert second.subscriber.name[0].given == ("OTTO",)
    assert [(one.type, one.value) for one in second.patient.identifier] == [("AN", "ENC-88102"), ("SN", "W9000054321")]
    first, other = second.coverage
    assert (first.order, first.relationship, first.group.value) == (1, "child", "GRP7701")
    assert (other.order, other.subscriber_id, other.payor.name) == (2, "S8000000001", "SECOND EXAMPLE PLAN")
    [paid] = second.claim.prior_payment
    assert (paid.order, paid.paid.value, paid.adjustment[0].reason) == (2, Decimal(60), "45")


def test_a_stay(events: Events) -> None:
    [event] = events("837i_inpatient.edi")
    claim = event.claim
    assert (claim.type, claim.drg, claim.discharge_status) == ("institutional", "247", "01")
    assert (claim.admission.start, claim.admission.end) == ("2026-02-10T08:30:00+00:00", "2026-02-13T11:30:00+00:00")
    assert (claim.billable_period.start, claim.billable_period.end) == ("2026-02-10", "2026-02-13")
    assert [(one.type, one.code.code, one.on_admission) for one in claim.diagnosis] == [
        ("principal", "I2510", "Y"), ("admitting", "R079", None), ("other", "E119", "Y"), ("other", "I10", "Y"),
    ]  # fmt: skip
    assert [(one.code.code, one.date) for one in claim.procedure] == [("02703ZZ", "2026-02-11")]
    assert [(item.revenue_code, item.quantity.unit) for item in claim.item] == [("0120", "DA"), ("0360", "UN")]
    assert claim.attending.name.family == "LINDENBAUM"
    assert event.patient.identifier[0].type == "MR"


def test_a_dental_claim(events: Events) -> None:
    [event] = events("837d_restoration.edi")
    filling = event.claim.item[0]
    assert event.claim.type == "dental"
    assert [(site.system, site.code) for site in filling.body_site] == [("JP", "12")]
    assert filling.surface == ("M", "O")
    assert filling.product_or_service.coding[0].system == "http://www.ada.org/cdt"


def test_a_claim_of_4010(events: Events) -> None:
    [event] = events("837p_4010.edi")
    assert event.claim.diagnosis[0].code.system == "http://hl7.org/fhir/sid/icd-9-cm"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("CLM*ENC-88102*120.75*", "CLM**120.75*", "2300[2]/CLM01"),
        ("CLM*ENC-88101*500*", "CLM*ENC-88101*5OO*", "2300/CLM02"),
        ("SV1*HC:73562:RT*300*", "SV1*HC:73562:RT**", "2400[2]/SV102"),
        ("SV1*HC:99213*200*UN*1***1:2~\n", "", "2400/LX"),
    ],
)
def test_what_no_claim_can_lack(events: Events, changed: Callable[..., bytes], old: str, new: str, field: str) -> None:
    with pytest.raises(MappingError) as refused:
        events(changed("837p_office_visit.edi", (old, new)))
    assert refused.value.field == field


def test_a_pointer_at_nothing_is_dropped_and_told(
    translated: Callable[..., Any], changed: Callable[..., bytes]
) -> None:
    [translation] = translated(changed("837p_office_visit.edi", ("*1***1:2~", "*1***1:A~")))
    assert [issue.field for issue in translation.issues] == ["2400/SV107"]
    assert translation.events[0].claim.item[0].diagnosis == (1,)


def test_a_large_file_gives_every_claim_once(translated: Callable[..., Any], changed: Callable[..., bytes]) -> None:
    text = changed("837p_office_visit.edi").decode()
    start, end = text.index("HL*3*1*22*1~"), text.index("SE*67*")
    block = text[text.index("CLM*ENC-88101") : start]
    copies = "".join(block.replace("ENC-88101", f"COPY-{number}") for number in range(2 * CLAIMS))
    slices = translated((text[:start] + copies + text[start:end] + text[end:]).encode())
    numbers = [event.claim.identifier[0].value for one in slices for event in one.events]
    assert len(slices) == 3
    assert numbers == ["ENC-88101", *(f"COPY-{number}" for number in range(2 * CLAIMS)), "ENC-88102"]
    assert {event.coverage[0].payor.name for one in slices for event in one.events} == {"EXAMPLE HEALTH PLAN"}
