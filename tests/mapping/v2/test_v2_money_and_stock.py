"""Charges, accounts, drugs, documents, master files, acknowledgements: the rules that money and stock depend on."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from careloom import model
from careloom.core.errors import MappingError
from careloom.mapping import Settings, Translation

Mapped = Callable[..., Translation]


def ft1(kind: str = "CG", quantity: str = "1", total: str = "150.00&USD", code: str = "99213^Visit^C4") -> str:
    return f"FT1|1|TX1||20260302|20260303|{kind}|{code}|||{quantity}|{total}|150.00&USD"


def charge(result: Translation) -> model.ChargeItem:
    (event,) = result.events
    assert isinstance(event, model.ChargePosted | model.ChargeVoided)
    return event.charge


@pytest.mark.parametrize(
    ("kind", "quantity", "total", "event", "stands"),
    [
        ("CG", "1", "150.00&USD", model.ChargePosted, "charge"),
        ("", "1", "150.00&USD", model.ChargePosted, "charge"),
        ("CD", "1", "150.00&USD", model.ChargeVoided, "credit"),
        ("CR", "1", "-150.00&USD", model.ChargeVoided, "credit"),
        ("CG", "-1", "150.00&USD", model.ChargeVoided, "credit"),
        ("CG", "1", "-150.00&USD", model.ChargeVoided, "credit"),
        ("AJ", "1", "-150.00&USD", model.ChargePosted, "adjustment"),
    ],
)
def test_which_way_the_money_goes(
    mapped: Mapped, kind: str, quantity: str, total: str, event: type, stands: str
) -> None:
    result = mapped("DFT^P03", ft1(kind, quantity, total))
    assert type(result.events[0]) is event
    told = charge(result)
    assert told.kind == stands
    assert told.total is not None
    assert told.total.value == (Decimal("-150.00") if stands == "adjustment" else Decimal("150.00"))
    assert told.quantity == model.Quantity(value=Decimal(1))


@pytest.mark.parametrize("kind", ["PY", "CO", "XX"])
def test_payments_are_not_charges(mapped: Mapped, kind: str) -> None:
    result = mapped("DFT^P03", ft1(kind))
    assert result.filtered == "DFT^P03 posts no charge (FT1)"
    assert [issue.field for issue in result.issues] == ["FT1-6"]


@pytest.mark.parametrize(
    ("written", "value", "currency"),
    [
        ("150.00&USD", "150.00", "USD"), ("150.00&EUR^UP", "150.00", "EUR"), ("150.00^EUR", "150.00", "EUR"),
        ("150", "150", "CAD"), ("+.50^UP", "0.50", "CAD"), ("0&usd", "0", "USD"),
    ],
)  # fmt: skip
def test_amounts(mapped: Mapped, written: str, value: str, currency: str) -> None:
    told = charge(mapped("DFT^P03", ft1(total=written), settings=Settings(currency="CAD")))
    assert told.total == model.Money(value=Decimal(value), currency=currency)


@pytest.mark.parametrize("written", ["1,250.00&USD", "$150", "150.00.00", "1e5", "9" * 19, "NaN", "١٥٠"])
def test_an_amount_that_is_none_is_a_case(mapped: Mapped, written: str) -> None:
    with pytest.raises(MappingError) as case:
        mapped("DFT^P03", ft1(total=written))
    assert case.value.field == "FT1-11"
    assert written not in str(case.value)


def test_a_quantity_that_is_none_and_a_charge_without_a_code_are_cases(mapped: Mapped) -> None:
    for line, field in ((ft1(quantity="two"), "FT1-10"), (ft1(code=""), "FT1-7")):
        with pytest.raises(MappingError) as case:
            mapped("DFT^P03", line)
        assert case.value.field == field


def test_codes_of_a_charge(mapped: Mapped) -> None:
    line = ft1(code="4711^Visit^CDM^0480^^NUBC") + "|CARDIO" + "|" * 6 + "I50.9^Heart failure^I10C~R07.9^^I10C"
    line += "||||LAB1^LAB||93306^Echo^C4|26~TC|||00555-0117-02^Drug^NDC"
    told = charge(mapped("DFT^P03", line, "ORC|RE|ORD1^EHR"))
    assert [(one.code, one.system) for one in told.code.coding] == [
        ("93306", "http://www.ama-assn.org/go/cpt"), ("4711", "CDM"), ("00555-0117-02", "http://hl7.org/fhir/sid/ndc"),
    ]  # fmt: skip
    assert (told.revenue_code, told.department, told.modifier) == ("0480", "CARDIO", ("26", "TC"))
    assert [(one.code, one.display) for one in told.diagnosis] == [("I50.9", None), ("R07.9", None)]
    assert told.item == (model.Identifier(value="00555-0117-02", type="NDC"),)
    assert [(one.value, one.type) for one in told.order] == [("ORD1", "PLAC"), ("LAB1", "FILL")]
    assert told.account is not None
    assert told.account.value == "ACC1"


def test_each_transaction_is_an_event_and_diagnoses_of_all_stand_in(mapped: Mapped) -> None:
    events = mapped("DFT^P03", ft1(), ft1(), "DG1|1||I10^Hypertension^I10C").events
    assert len(events) == 2
    for event in events:
        assert isinstance(event, model.ChargePosted)
        assert [one.code for one in event.charge.diagnosis] == ["I10"]


@pytest.mark.parametrize(
    ("trigger", "status"),
    [("P01", "active"), ("P02", "inactive"), ("P05", "active"), ("P06", "inactive"), ("P12", "active")],
)
def test_accounts(mapped: Mapped, trigger: str, status: str) -> None:
    pv1 = "PV1|1|I|W^1" + "|" * 15 + "PRIV" + "|" * 26 + "20260301080000-0800||412.50&USD"
    (event,) = mapped(
        f"BAR^{trigger}", pv1, "DG1|2||I10^Hypertension^I10C||20260301|F", "PR1|1||93306^Echo^C4", "DRG|291^Failure^DRG"
    ).events
    assert isinstance(event, model.AccountUpdated)
    account = event.account
    assert (account.status, account.type, account.identifier[0].value) == (status, "PRIV", "ACC1")
    assert account.balance == model.Money(value=Decimal("412.50"), currency="USD")
    assert account.service_period == model.Period(start="2026-03-01T08:00:00-08:00")
    assert [(one.sequence, one.code.code, one.type) for one in account.diagnosis] == [
        (2, "I10", "final"),
        (None, "291", "drg"),
    ]
    assert [one.code for one in account.procedure] == ["93306"]


def test_an_account_without_a_number_is_a_case(mapped: Mapped) -> None:
    with pytest.raises(MappingError) as case:
        mapped("BAR^P05", pid="PID|1||MRN1^^^LAKESIDE^MR")
    assert case.value.field == "PID-18"


RXD = "RXD|{fill}|0555^Metformin^NDC^MET5^^L|20260302150500-0800|{amount}|TAB||RX9{rest}"


def rxd(fill: str = "1", amount: str = "60", rest: str = "") -> str:
    return RXD.format(fill=fill, amount=amount, rest=rest)


def dispense(result: Translation) -> model.MedicationDispense:
    (event,) = result.events
    assert isinstance(event, model.MedicationDispensed | model.MedicationReturned)
    return event.dispense


def test_a_dispense(mapped: Mapped) -> None:
    told = dispense(mapped("RDS^O13", "ORC|RE|ORD1^EHR|RX9^PHARM", rxd(rest="|" * 11 + "LOT7|20271130")))
    assert told.identifier == (model.Identifier(value="RX9", type="FILL", assigner="PHARM"),)
    assert told.quantity == model.Quantity(value=Decimal(60), unit="TAB")
    assert told.lot == model.Lot(number="LOT7", expiration_date="2027-11-30")
    assert told.item == (
        model.Identifier(value="0555", type="NDC"), model.Identifier(value="MET5", type="SKU", assigner="LAKESIDE"),
    )  # fmt: skip
    assert (told.fill_number, told.when_handed_over) == (0, "2026-03-02T15:05:00-08:00")


def test_dispenses_of_one_prescription_differ_by_their_counter(mapped: Mapped) -> None:
    told = [dispense(mapped("RDS^O13", "ORC|RE|ORD1^EHR|RX9^PHARM", rxd(fill))) for fill in ("1", "2", "2")]
    assert [one.identifier[0].value for one in told] == ["RX9", "RX9.2", "RX9.2"]
    assert [one.fill_number for one in told] == [0, 1, 1]


@pytest.mark.parametrize(
    ("control", "amount"), [("CA|ORD1", "30"), ("DC|ORD1", "30"), ("RE|ORD1", "-30"), ("RE|ORD1|||CA", "30")]
)
def test_what_comes_back(mapped: Mapped, control: str, amount: str) -> None:
    result = mapped("RDS^O13", f"ORC|{control}", rxd(amount=amount))
    assert type(result.events[0]) is model.MedicationReturned
    assert dispense(result).quantity.value == Decimal(30)


@pytest.mark.parametrize(
    ("line", "field"), [(rxd(amount=""), "RXD-4"), (rxd(amount="some"), "RXD-4"), ("RXD|1|||5", "RXD-2")]
)
def test_a_dispense_that_stock_cannot_follow_is_a_case(mapped: Mapped, line: str, field: str) -> None:
    with pytest.raises(MappingError) as case:
        mapped("RDS^O13", "ORC|RE|ORD1^EHR", line)
    assert case.value.field == field


def rxa(notes: str = "00^New record", amount: str = "1", status: str = "CP", action: str = "A") -> str:
    who = "9920^Moreau^Lea^^^^^^LAKESIDE"
    return f"RXA|0|1|20260302110000-0800||141^Flu^CVX|{amount}|mL||{notes}|{who}|||||LOT7|20261231||||{status}|{action}"


@pytest.mark.parametrize("kind", ["RAS^O17", "VXU^V04"])
@pytest.mark.parametrize(
    ("status", "action", "stands"),
    [
        ("CP", "A", "completed"),
        ("PA", "A", "completed"),
        ("RE", "A", "not-done"),
        ("NA", "A", "not-done"),
        ("CP", "D", "entered-in-error"),
    ],
)
def test_what_was_given(mapped: Mapped, kind: str, status: str, action: str, stands: str) -> None:
    (event,) = mapped(kind, "ORC|RE|ORD1^EHR|IM1^EHR", rxa(status=status, action=action)).events
    assert isinstance(event, model.MedicationAdministered)
    given = event.administration
    assert given.status == stands
    assert given.identifier == (model.Identifier(value="IM1", type="FILL", assigner="EHR"),)
    assert given.lot == model.Lot(number="LOT7", expiration_date="2026-12-31")


def test_what_was_given_elsewhere_used_up_nothing_here(mapped: Mapped) -> None:
    result = mapped("VXU^V04", "ORC|RE||IM1^EHR", rxa(notes="01^Historical"), "ORC|RE||IM2^EHR", rxa(amount="999"))
    (event,) = result.events
    assert isinstance(event, model.MedicationAdministered)
    assert event.administration.quantity is None
    assert [issue.field for issue in result.issues] == ["RXA-9"]


def test_a_vaccination_without_an_order(mapped: Mapped) -> None:
    assert len(mapped("VXU^V04", rxa(), "RXR|IM", rxa()).events) == 2


@pytest.mark.parametrize(
    ("control", "event", "status"),
    [
        ("NW", model.MedicationPrescribed, "active"), ("XO", model.MedicationPrescribed, "active"),
        ("RE", model.MedicationPrescribed, "active"), ("HD", model.MedicationPrescribed, "on-hold"),
        ("CA", model.PrescriptionCancelled, "cancelled"), ("DC", model.PrescriptionCancelled, "cancelled"),
    ],
)  # fmt: skip
def test_prescriptions(mapped: Mapped, control: str, event: type, status: str) -> None:
    line = "RXE|^^^20260302|0555^Metformin^NDC|500||mg|TAB||||60|TAB|2|||RXN7"
    (told,) = mapped("RDE^O11", f"ORC|{control}|ORD1^EHR|PH1^PHARM", line).events
    assert isinstance(told, model.MedicationPrescribed | model.PrescriptionCancelled)
    assert type(told) is event
    assert told.prescription.status == status
    assert [one.value for one in told.prescription.identifier] == ["ORD1", "PH1", "RXN7"]
    assert told.prescription.refills == 2


TXA = (
    "TXA|1|DS^Summary^L|PDF|20260302150000|4471^Brandt^Ivo||20260302150000|||||DOC2^EHR|DOC1^EHR|ORD1^EHR|||{state}||"
    "{availability}"
)


@pytest.mark.parametrize(
    ("trigger", "state", "availability", "status", "stands", "replaces"),
    [
        ("T02", "AU", "AV", "current", "final", None),
        ("T01", "IP", "", "current", "preliminary", None),
        ("T04", "LA", "OB", "superseded", "final", None),
        ("T06", "AU", "", "current", "amended", None),
        ("T08", "AU", "", "current", "amended", None),
        ("T10", "AU", "", "current", "final", "DOC1"),
        ("T11", "AU", "", "entered-in-error", "entered-in-error", None),
        ("T02", "AU", "CA", "entered-in-error", "final", None),
    ],
)
def test_documents(
    mapped: Mapped, trigger: str, state: str, availability: str, status: str, stands: str, replaces: str | None
) -> None:
    line = TXA.format(state=state, availability=availability)
    (event,) = mapped(f"MDM^{trigger}", line, "OBX|1|TX|1^x||Secret findings").events
    assert isinstance(event, model.DocumentPublished)
    told = event.document
    assert (told.status, told.doc_status, told.content_type) == (status, stands, "application/pdf")
    assert (told.replaces.value if told.replaces else None) == replaces
    assert "Secret" not in model.encode(event).decode()
    assert ("DocumentReference" in [one.type for one in told.related]) is (trigger == "T06")


def test_staff_that_left_and_entries_without_a_segment(mapped: Mapped) -> None:
    result = mapped(
        "MFN^M02", "MFE|MDC|||4471^^REG|CE", "STF|4471^^REG||Brandt^Ivo", "MFE|MAD|||4472^^REG|CE",
        "MFE|MAD|||1^^REG|CE", "STF|1^^REG|1^^^REG~1999999992^^^^NPI|Saito^Ren||||I", pid="",
    )  # fmt: skip
    first, second = result.events
    assert isinstance(first, model.PractitionerUpdated)
    assert isinstance(second, model.PractitionerUpdated)
    assert not first.practitioner.active
    assert first.practitioner.identifier == (model.Identifier(value="4471", assigner="REG"),)
    assert not second.practitioner.active
    assert [issue.field for issue in result.issues] == ["MFE[2]"]


def test_prices(mapped: Mapped) -> None:
    (event,) = mapped(
        "MFN^M04", "MFE|MUP|||71020|CE", "CDM|71020||X-ray|X-ray, two views|||71020^^C4~0320^^NUBC|A|FILM1",
        "PRC|71020||RAD||120.00&USD||||||20260101|20261231", "PRC|71020|SOUTH|||130.00", pid="",
    ).events  # fmt: skip
    assert isinstance(event, model.ChargeItemDefinitionUpdated)
    told = event.definition
    assert told.price == model.Money(value=Decimal("120.00"), currency="USD")
    assert (told.revenue_code, told.department, told.title) == ("0320", "RAD", "X-ray, two views")
    assert told.code is not None
    assert [one.code for one in told.code.coding] == ["71020"]
    assert told.item == (model.Identifier(value="FILM1", type="SKU", assigner="LAKESIDE"),)


@pytest.mark.parametrize("trigger", ["M01", "M03", "M08", "M15", "M99"])
def test_other_master_files_are_filtered_with_a_reason(mapped: Mapped, trigger: str) -> None:
    result = mapped(f"MFN^{trigger}", "MFE|MAD|||1|CE", pid="")
    assert result.events == ()
    assert result.filtered is not None
    assert ("is not read: " in result.filtered) is (trigger != "M99")


@pytest.mark.parametrize(
    ("lines", "outcome", "errors"),
    [
        (("MSA|AA|X1",), "accepted", []),
        (("MSA|CA|X1",), "accepted", []),
        (("MSA|AA|X1", "ERR||PV1^1^3|101|W"), "accepted-with-errors", [("PV1-3", "101", "warning")]),
        (("MSA|AE|X1", "ERR||PID^2^3^1^4|101|E"), "rejected", [("PID[2]-3.4", "101", "error")]),
        (("MSA|AR|X1", "ERR|PID^1^5^103&Table&HL70357"), "rejected", [("PID-5", "103", "error")]),
        (("MSA|CR|X1|||| 207^Busy",), "rejected", [(None, "207", "error")]),
    ],
)
def test_acknowledgements(mapped: Mapped, lines: tuple[str, ...], outcome: str, errors: list[object]) -> None:
    (event,) = mapped("ACK^A04", *lines, pid="").events
    assert isinstance(event, model.TransmissionAcknowledged)
    told = event.acknowledgement
    assert (told.transmission.value, told.outcome, told.level) == ("X1", outcome, "transaction")
    assert [(one.place, one.code, one.severity) for one in told.error] == errors


@pytest.mark.parametrize("msa", ["MSA|AA", "MSA|ZZ|X1", "NTE|1"])
def test_what_acknowledges_nothing_is_filtered(mapped: Mapped, msa: str) -> None:
    assert mapped("ACK", msa, pid="").filtered == "ACK acknowledges no message (MSA-1, MSA-2)"


@pytest.mark.parametrize(
    "kind", ["QBP^Q22", "RSP^K22", "SRM^S01", "PPR^PC1", "RGV^O15", "OMD^O03", "MFK^M02", "NMD^N02"]
)
def test_what_is_read_by_nobody_says_why(mapped: Mapped, kind: str) -> None:
    result = mapped(kind, "OBX|1|NM|1^x||7")
    assert result.events == ()
    assert result.filtered is not None
    assert result.filtered.startswith(f"{kind} is not read: ")
    assert "nothing is known" not in result.filtered


@pytest.mark.parametrize(
    "kind",
    ["SIU^S12", "ORM^O01", "ORU^R01", "DFT^P03", "BAR^P01", "RDE^O11", "RDS^O13", "RAS^O17", "MDM^T02", "REF^I12"],
)
def test_without_a_patient_a_message_is_a_case(mapped: Mapped, kind: str) -> None:
    lines = ("SCH||F1", "ORC|NW|A1", "OBR|1|A1||1^a", "RXD|1|1^a||5", "TXA|1|DS", "RF1|A")
    for pid, field in (("", "PID"), ("PID|1||0", "PID-3")):
        with pytest.raises(MappingError) as case:
            mapped(kind, *lines, pid=pid)
        assert case.value.field == field


def test_a_wrong_date_of_birth_stops_only_a_registration(mapped: Mapped) -> None:
    result = mapped("DFT^P03", ft1(), pid="PID|1||MRN1^^^LAKESIDE^MR||||18000101")
    assert len(result.events) == 1
    assert [issue.field for issue in result.issues] == ["PID-7"]
