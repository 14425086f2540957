"""Each value of an event is told to come from the places of the message that it does come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.mapping.explaining.conftest import CONTACT, JSON, PRICES, ROWS, Explained, samples, units

from careloom.core.errors import FormatError, MappingError
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.explaining import explain, probing
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import encode

Explain = Callable[..., Explained]
HEAD = b"MSH|^~\\&|LAB|NORTH|CARELOOM|NORTH|20260301083000||ADT^A04^ADT_A01|C1|P|2.5.1\rEVN|A04|20260301083000\r"
WORD = re.compile(rb"[A-Za-z0-9.-]{4,}")


def flat(made: Translation) -> dict[str, Any]:
    """Every value of the events, by number and path; found in another way than the product does."""
    found: dict[str, Any] = {}

    def walk(path: str, node: Any) -> None:
        for name, inner in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(inner, dict | list):
                walk(f"{path}/{name}", inner)
            else:
                found[f"{path}/{name}"] = inner

    for number, event in enumerate(made.events, 1):
        prefix = f"{event.type}#{number}" if len(made.events) > 1 else event.type
        walk(prefix, msgspec.json.decode(encode(event)))
    return found


def altered(word: bytes) -> bytes:
    """The same with another last digit, or one more letter."""
    if not word[-1:].isdigit():
        return word + b"z"
    return word[:-1] + (b"3" if word[-1:] != b"3" else b"2")


def changes(one: Explained) -> Iterator[tuple[str, set[str]]]:
    """For each word that stands in the message once and is the whole of a value: its place, and the targets that are
    others when it is another in the bytes."""
    body = one.unit.body
    base = flat(one.translated(body))
    places = {leaf.value.encode(): leaf.path for leaf in one.explanation.used}
    for word in WORD.findall(body):
        if body.count(word) > 1 or word not in places:
            continue
        try:
            made = flat(one.translated(body.replace(word, altered(word))))
        except (FormatError, MappingError):
            continue
        if made.keys() == base.keys():
            yield places[word], {target for target, value in made.items() if value != base[target]}


@pytest.mark.parametrize(
    ("format", "file"),
    [
        *[("hl7v2", f"a0{name}.hl7") for name in ("4_registration", "3_discharge", "5_preadmission_two_insurances")],
        *[("hl7v2", f"{name}.hl7") for name in ("siu_s12_new", "oru_r01_panel_and_report", "dft_p03_two_charges")],
        *[("x12", f"{name}.edi") for name in ("835_two_claims", "837p_office_visit", "271_active", "850_gloves")],
        *[("fhir", f"{name}.json") for name in ("Patient", "Claim", "Appointment", "Coverage", "Invoice")],
    ],
)
def test_what_changes_with_a_value_is_said_to_come_from_it(explained: Explain, format: str, file: str) -> None:
    one = explained(format, f"{format}/{file}")
    sources = {origin.target: origin.sources for origin in one.explanation.origins}
    looked = 0
    for path, changed in changes(one):
        told = {target for target, places in sources.items() if path in places}
        assert changed <= told, path
        looked += bool(changed)
    assert looked >= 2


@pytest.mark.parametrize(("format", "data", "settings"), [("json", CONTACT, JSON), ("csv", PRICES, ROWS)])
def test_so_it_is_of_declared_rules(explained: Explain, format: str, data: bytes, settings: Settings) -> None:
    one = explained(format, data, settings)
    found = dict(changes(one))
    assert found
    sources = {origin.target: origin.sources for origin in one.explanation.origins}
    for path, changed in found.items():
        assert changed == {target for target, places in sources.items() if path in places}


def test_a_registration(explained: Explain) -> None:
    one = explained(
        "hl7v2", HEAD + b"PID|1||N-1^^^NORTH&2.999&ISO^MR~S-9^^^STATE^PI||Weaver^Ot\\T\\to||19710412|F\rPV1|1|O\r"
    )
    assert one.explanation.outcome == "translated"
    assert one.sources["patient/name/0/family"] == ("PID-5.1",)
    assert one.sources["patient/name/0/given/0"] == ("PID-5.2",), "a value with an escape"
    assert one.sources["patient/birthDate"] == ("PID-7.1",)
    assert one.sources["patient/gender"] == ("PID-8.1",)
    assert one.sources["patient/identifier/0/value"] == ("PID-3.1",)
    assert one.sources["patient/identifier/1/value"] == ("PID-3[2].1",), "a repetition"
    assert one.sources["patient/identifier/1/assigner"] == ("PID-3[2].4",)
    assert one.sources["patient/identifier/0/system"] == ("PID-3.4.2", "PID-3.4.3"), "subcomponents"


def test_segments_that_repeat_are_told_apart(explained: Explain) -> None:
    every = [one.sources for one in explained("hl7v2", "hl7v2/dft_p03_two_charges.hl7").explanation.origins]
    first, second = (
        {place for places in every for place in places if place.startswith(start)} for start in ("FT1-", "FT1[2]-")
    )
    shared = first & {place.replace("[2]", "", 1) for place in second}
    assert len(shared) >= 3
    for place in shared:
        other = place.replace("FT1-", "FT1[2]-")
        assert not [places for places in every if {place, other} <= set(places)], place


def test_a_null_is_no_value_and_a_value_beside_it_is(explained: Explain) -> None:
    one = explained("hl7v2", HEAD + b'PID|1||N-1^^^NORTH^MR||Weaver^Ottilie||""|F\rPV1|1|O\r')
    every = [*one.explanation.used, *one.explanation.decides, *one.explanation.unused]
    assert not any(leaf.path.startswith("PID-7") for leaf in every)
    assert one.sources["patient/gender"] == ("PID-8.1",)


def test_what_the_mapping_puts_itself_has_no_source(explained: Explain) -> None:
    assert explained("x12", "x12/835_two_claims.edi").sources["remittance/payor/type"] == ()
    assert explained("json", CONTACT, JSON).sources["contact/identifier/0/assigner"] == ()
    assert explained("json", CONTACT, JSON).sources["contact/telecom/0/system"] == (), (
        "although it goes with the number"
    )
    assert explained("fhir", "fhir/Patient.json").sources["patient/identifier/1/use"] == ()


def test_a_field_that_decides_is_no_source(explained: Explain) -> None:
    found = explained("hl7v2", "hl7v2/a04_registration.hl7")
    assert "MSH-9.2" in found.decides
    assert "MSH-9.2" not in {place for places in found.sources.values() for place in places}
    assert explained("x12", "x12/835_two_claims.edi").decides == ["ST01"]
    assert explained("json", CONTACT, JSON).decides == ["/type"]


def test_a_field_that_decides_about_one_of_several_events_is_the_source_of_none(explained: Explain) -> None:
    found = explained("hl7v2", "hl7v2/dft_p03_two_charges.hl7")
    assert {"FT1-6.1", "FT1[2]-6.1"} <= set(found.decides)


def test_a_currency_is_found_although_only_known_ones_are_taken(explained: Explain) -> None:
    sources = explained("hl7v2", "hl7v2/dft_p03_two_charges.hl7").sources
    assert sources["charge/unitPrice/currency"] == ("FT1[2]-12.1.2",)
    assert explained("fhir", "fhir/Invoice.json").unused.count("/totalGross/currency") == 0


def test_the_envelope_of_x12_is_a_source_and_what_only_frames_it_decides_nothing(explained: Explain) -> None:
    one = explained("x12", "x12/835_two_claims.edi")
    assert one.sources["facility"] == ("ISA06",)
    assert one.sources["occurred"] == ("GS04", "GS05")
    assert {"ISA13", "GS06", "ST02", "SE01", "SE02"} <= set(one.unused)


def test_a_code_is_found_by_those_that_stand_in_such_places(explained: Explain) -> None:
    """CAS01 with a code that is none makes a case; with that of another adjustment it shows where it goes."""
    sources = explained("x12", "x12/835_two_claims.edi").sources
    assert sources["explanation/item/0/adjustment/0/group"] == ("2110/CAS01",)
    assert sources["explanation/item/0/adjustment/1/group"] == ("2110/CAS[2]01",)


def test_an_item_that_is_gone_does_not_make_others_of_those_behind_it(explained: Explain) -> None:
    sources = explained("fhir", "fhir/Patient.json").sources
    assert sources["patient/name/0/given/1"] == ("/name/0/given/1",)
    assert sources["patient/telecom/1/value"] == ("/telecom/1/value",)
    assert explained("json", CONTACT, JSON).sources["contact/tag/1"] == ("/tags/1",)


def test_numbers_flags_and_times_of_documents(explained: Explain) -> None:
    sources = explained("json", CONTACT, JSON).sources
    assert sources["contact/identifier/0/value"] == ("/id",)
    assert sources["occurred"] == ("/updated",)
    assert sources["contact/active"] == ("/status",)
    assert sources["contact/telecom/0/value"] == ("/mobile",)
    assert explained("fhir", "fhir/Patient.json").sources["patient/deceasedBoolean"] == ("/deceasedBoolean",)


def test_rows_have_sources_row_by_row(explained: Explain) -> None:
    one = explained("csv", PRICES, ROWS)
    origins = {origin.target: origin for origin in one.explanation.origins}
    price = origins["product.changed.v1#1/product/price/value"]
    assert (price.value, price.sources) == ("12.10", ("/rows/0/price",))
    assert origins["product.changed.v1#2/product/name"].sources == ("/rows/1/text",)


def test_an_event_that_was_published_is_its_own_source(explained: Explain) -> None:
    data = msgspec.json.encode({
        "specversion": "1.0", "id": "e-1", "source": "crm", "type": "contact.updated.v1",
        "data": {"trigger": "crm", "contact": {"identifier": [{"value": "C7"}], "tag": ["a", "b"]}},
    })  # fmt: skip
    one = explained("event", data)
    assert one.sources["contact/identifier/0/value"] == ("/data/contact/identifier/0/value",)
    assert one.sources["contact/tag/1"] == ("/data/contact/tag/1",)
    assert "/type" in one.decides or "/type" in one.unused


def test_a_message_that_is_filtered_or_a_case_has_an_outcome_and_no_targets(explained: Explain) -> None:
    away = explained("hl7v2", HEAD.replace(b"A04", b"A02") + b"PID|1||N-1^^^NORTH^MR||Weaver^Ottilie\rPV1|1|I\r")
    assert away.explanation.outcome.startswith("filtered: ") and not away.explanation.origins
    nameless = explained("hl7v2", HEAD + b"PID|1||N-1^^^NORTH^MR\rPV1|1|O\r")
    assert nameless.explanation.outcome.startswith("case: ") and "PID-5" in nameless.explanation.outcome
    assert not nameless.explanation.used


def test_what_cannot_be_read_is_refused_with_its_place() -> None:
    def unread(body: bytes) -> Translation:
        raise FormatError("is no message", "PID-3")

    with pytest.raises(FormatError, match="is no message"):
        explain("hl7v2", HEAD, unread)


def test_a_message_is_translated_a_few_times_for_each_value_and_no_more(explained: Explain) -> None:
    one = explained("x12", "x12/837p_office_visit.edi")
    calls = 0

    def counted(body: bytes) -> Translation:
        nonlocal calls
        calls += 1
        return one.translated(body)

    found = explain("x12", one.unit.body, counted)
    assert calls <= 2 * len(found.used) + 5 * (len(found.unused) + len(found.decides))


@pytest.mark.parametrize("format", ["hl7v2", "x12", "fhir"])
def test_trying_many_values_at_once_says_the_same_as_one_by_one(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = [unit for file in samples(format) for unit in units(format, file.read_bytes(), Settings())]
    for unit in [unit for unit in read if mapping_for(format, unit.type)][::4]:
        monkeypatch.setattr(probing, "_LONGEST", 64)
        together = Explained(format, unit, Settings()).explanation
        monkeypatch.setattr(probing, "_LONGEST", 0)
        alone = Explained(format, unit, Settings()).explanation
        assert together.origins == alone.origins
        assert [leaf.path for leaf in together.unused] == [leaf.path for leaf in alone.unused]


def test_what_is_left_behind_takes_few_translations(explained: Explain) -> None:
    header = HEAD.replace(b"ADT^A04^ADT_A01", b"ORU^R01^ORU_R01").partition(b"EVN")[0]
    order = b"PID|1||N-1^^^NORTH^MR||Weaver^Ottilie||19710412|F\rPV1|1|O\rORC|RE|P1|F1\rOBR|1|P1|F1|24323-8^Panel^LN\r"
    results = b"".join(b"OBX|%d|NM|%d-1^Test^LN||%d.5|mg/dL^^UCUM|1-9|N|||F\r" % (n, 1000 + n, n) for n in range(1, 37))
    one = explained("hl7v2", header + order + results)
    calls = 0

    def counted(body: bytes) -> Translation:
        nonlocal calls
        calls += 1
        return one.translated(body)

    found = explain("hl7v2", one.unit.body, counted)
    assert len(found.unused) > 300
    assert calls < len(found.unused)


@pytest.mark.parametrize("format", ["hl7v2", "x12", "fhir"])
def test_every_value_of_a_sample_has_one_fate(format: str) -> None:
    read = [unit for file in samples(format) for unit in units(format, file.read_bytes(), Settings())]
    mapped = [unit for unit in read if mapping_for(format, unit.type)]
    assert len(mapped) > 30
    for unit in mapped:
        found = Explained(format, unit, Settings()).explanation
        fates = [leaf.path for leaf in (*found.used, *found.decides, *found.unused)]
        assert len(fates) == len(set(fates))
        told = {place for origin in found.origins for place in origin.sources}
        assert told == {leaf.path for leaf in found.used}
