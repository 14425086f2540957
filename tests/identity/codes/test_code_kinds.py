"""Every kind of code: good ones, bad ones, what is said of them, and that nothing else than FormatError comes out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.core.errors import ConfigurationError
from careloom.identity.codes.registry import KINDS, check, is_well_formed, of

GOOD = [
    ("npi", "1999999992", "1999999992"),
    ("npi", "808401999999992", "1999999992"),
    ("ein", "98-7654321", "987654321"),
    ("tin", "900-70-0000", "900700000"),
    ("tin", "901-93-0001", "901930001"),
    ("clia", "05d0123456", "05D0123456"),
    ("mbi", "1EG4-TE5-MK73", "1EG4TE5MK73"),
    ("gln", "0312345678906", "0312345678906"),
    ("ndc", "0069-3150-83", "00069315083"),
    ("ndc", "0069315083", "0069315083"),
    ("icd-10-cm", "s72001a", "S72.001A"),
    ("icd-10-cm", "I10", "I10"),
    ("icd-10-cm", "C7A.00", "C7A.00"),
    ("icd-10-pcs", "0SR9019", "0SR9019"),
    ("cpt", "99213", "99213"),
    ("cpt", "0001T", "0001T"),
    ("hcpcs", "j1885", "J1885"),
    ("cdt", "D0120", "D0120"),
    ("modifier", "lt", "LT"),
    ("loinc", "718-7", "718-7"),
    ("loinc", "2345-7", "2345-7"),
    ("place-of-service", "11", "11"),
    ("revenue", "450", "0450"),
    ("bill-type", "111", "0111"),
    ("adjustment-group", "PR", "PR"),
    ("x12-set", "837", "837"),
    ("ucum", "10*3/uL", "10*3/uL"),
    ("country", "840", "US"),
    ("country", "deu", "DE"),
    ("subdivision", "us-ca", "US-CA"),
    ("subdivision", "DE-BY", "DE-BY"),
    ("currency", "usd", "USD"),
]
BAD = [
    ("npi", "1999999993", "NPI digit 10", "does not fit"),
    ("npi", "3999999992", "NPI digit 1", "another digit than 1 or 2"),
    ("npi", "199999999", "NPI", "9 digits instead of 10"),
    ("npi", "19999l9992", "NPI", "character 6 is no digit"),
    ("ein", "07-1234567", "EIN prefix", "none that are given out"),
    ("ein", "9-87654321", "EIN", "the hyphens"),
    ("tin", "000-00-0000", "TIN", "in no range"),
    ("clia", "05X0123456", "CLIA character 3", "not the letter D"),
    ("mbi", "1SG4TE5MK73", "MBI character 2", "may not stand here"),
    ("gln", "0312345678905", "GLN digit 13", "5 where 6 belongs"),
    ("ndc", "069-315-83", "NDC parts", "none of"),
    ("ndc", "069315083", "NDC", "9 digits instead of 10 or 11"),
    ("icd-10-cm", "S7.2001A", "ICD-10-CM", "behind the third character"),
    ("icd-10-cm", "172", "ICD-10-CM character 1", "no letter"),
    ("icd-10-cm", "I10.", "ICD-10-CM characters 4 to 7", "1 to 4"),
    ("icd-10-pcs", "0SR901O", "ICD-10-PCS", "without I and O"),
    ("cpt", "9921", "CPT", "five digits"),
    ("hcpcs", "W1885", "HCPCS", "A to V"),
    ("loinc", "718-8", "LOINC check digit", "8 where 7 belongs"),
    ("loinc", "7187", "LOINC", "no hyphen"),
    ("place-of-service", "98", "place of service", "no such place"),
    ("revenue", "45", "revenue code", "three or four digits"),
    ("bill-type", "911", "type of bill", "facility"),
    ("x12-set", "999999", "transaction set", "no such"),
    ("ucum", "mg/foo", "unit", "no such unit"),
    ("country", "UK", "country", "no such country"),
    ("subdivision", "US-ZZ", "subdivision part", "no such part of US"),
    ("currency", "EURO", "currency", "no such currency"),
]


@pytest.mark.parametrize(("kind", "text", "normal"), GOOD)
def test_a_well_formed_one_is_written_plainly(kind: str, text: str, normal: str) -> None:
    found = check(kind, f" {text} " if kind != "ucum" else text)
    assert (found.good, found.normal, found.problem) == (True, normal, "")
    assert check(kind, found.normal).normal == normal


@pytest.mark.parametrize(("kind", "text", "place", "problem"), BAD)
def test_it_says_which_part_is_wrong_and_how(kind: str, text: str, place: str, problem: str) -> None:
    found = check(kind, text)
    assert not found.good
    assert found.place.startswith(place)
    assert problem in found.problem
    if of(kind).personal:
        assert text not in f"{found.place} {found.problem}"


@settings(deadline=None)  # units load their tables at first
@given(st.sampled_from(sorted(KINDS)), st.text(max_size=60))
def test_any_text_is_well_formed_or_not(kind: str, text: str) -> None:
    found = check(kind, text)
    assert found.good != bool(found.problem)
    if found.good:
        assert check(kind, found.normal).normal == found.normal


@given(st.sampled_from(sorted(set(KINDS) - {"ucum"})), st.text("0123456789ABDS-+/$()]d\x1d.", max_size=40))
def test_a_text_of_the_characters_that_codes_have(kind: str, text: str) -> None:
    found = check(kind, text)
    assert not found.good or is_well_formed(kind, found.normal)


def test_a_kind_that_there_is_not_lists_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="no kind of code 'ssn'; there are npi, ein"):
        check("ssn", "1")
    assert of("ICD_10_cm").name == "icd-10-cm"


@given(st.from_regex(r"[12][0-9]{8}", fullmatch=True), st.integers(0, 8), st.integers(1, 9))
def test_a_wrong_digit_of_an_npi_is_found(nine: str, at: int, by: int) -> None:
    good = next(nine + str(digit) for digit in range(10) if is_well_formed("npi", nine + str(digit)))
    wrong = good[:at] + str((int(good[at]) + by) % 10) + good[at + 1 :]
    assert not is_well_formed("npi", wrong)
