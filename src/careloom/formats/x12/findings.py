"""What validation can find: one table of codes, with how bad each is and how a 999 reports it.

Acknowledgement codes are those of ASC X12 005010 data elements 620 (IK304), 621 (IK403), 618 (IK502), 716 (AK905) and
the note codes of TA1. A set without a table is one of ST01 (`set-unsupported`), whatever its GS01; of codes only
qualifiers that choose a place are known (`qualifier-unexpected`), for the lists are proprietary: users give their own
(`code-invalid`, `careloom.formats.x12.codes`).
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from careloom.formats.inspection import Finding, Severity

Level: TypeAlias = Literal["interchange", "group", "set", "segment", "element"]
Gravity: TypeAlias = Literal["error", "strict", "warning"]
"""An error always, an error when strict and else a warning, or a warning always."""


class Fault(Finding, frozen=True, kw_only=True, gc=False):
    """A finding in an X12 file, with what an acknowledgement needs to point at it.

    `interchange`, `group` and `set` count from 1 within what is around them (0: outside). `segment` is the position in
    the set, its ST being 1, or 0; `element`, `component` and `repetition` count from 1, 0 where they do not matter.
    """

    interchange: int = 0
    group: int = 0
    set: int = 0
    segment: int = 0
    segment_id: str = ""
    loop: str = ""
    element: int = 0
    component: int = 0
    repetition: int = 0


class Kind(msgspec.Struct, frozen=True, gc=False):
    """A code of the table. `acknowledgement` is the code that a TA1, AK9, IK5, IK3 or IK4 carries for it."""

    text: str
    level: Level
    acknowledgement: str
    gravity: Gravity = "error"

    def severity(self, strict: bool) -> Severity:
        return "error" if self.gravity == "error" or (self.gravity == "strict" and strict) else "warning"


KINDS: Final[dict[str, Kind]] = {
    "not-x12": Kind("bytes that belong to no interchange; remove them", "interchange", "024"),
    "interchange-end-missing": Kind("no IEA closes the interchange; the file may be cut", "interchange", "023"),
    "interchange-control-differs": Kind("IEA02 is not the control number of ISA13", "interchange", "001"),
    "interchange-control-repeated": Kind("ISA13 was used before in this file", "interchange", "025"),
    "interchange-count-differs": Kind("IEA01 does not count the groups that came", "interchange", "021"),
    "interchange-element": Kind("an element of the ISA segment does not follow X12.5", "interchange", "024", "strict"),
    "interchange-version": Kind("ISA12 names no version that has interchanges of this form", "interchange", "017"),
    "interchange-empty": Kind("the interchange holds neither a group nor a TA1", "interchange", "024", "warning"),
    "repetition-separator": Kind("ISA11 is no usable repetition separator", "interchange", "026", "strict"),
    "segment-outside": Kind("a segment stands outside of any transaction set", "interchange", "024"),
    "group-end-missing": Kind("no GE closes the group; the file may be cut", "group", "3"),
    "group-control-differs": Kind("GE02 is not the control number of GS06", "group", "4"),
    "group-control-repeated": Kind("GS06 was used before in this interchange", "group", "19"),
    "group-count-differs": Kind("GE01 does not count the sets that came", "group", "5"),
    "group-element": Kind("an element of the GS segment does not follow X12.22", "group", "6"),
    "group-version": Kind("GS08 names no version and guide that we have a table for", "group", "2", "strict"),
    "group-kind-differs": Kind("the set does not belong in a group of this GS01", "set", "6", "strict"),
    "set-unsupported": Kind("there is no table for this set; only its envelope was checked", "set", "1", "warning"),
    "set-version-differs": Kind("ST03 names another guide than GS08", "set", "I6", "strict"),
    "set-end-missing": Kind("no SE closes the set; the file may be cut", "set", "2"),
    "set-control-differs": Kind("SE02 is not the control number of ST02", "set", "3"),
    "set-control-repeated": Kind("ST02 was used before in this group", "set", "23"),
    "set-count-differs": Kind("SE01 does not count the segments that came", "set", "4"),
    "set-identifier": Kind("ST01 is no set identifier", "set", "6"),
    "segment-unknown": Kind("no segment of X12 has this identifier", "segment", "1"),
    "segment-empty": Kind("an empty segment: two terminators in a row", "segment", "1", "strict"),
    "segment-unexpected": Kind("the set has no such segment here", "segment", "2"),
    "segment-missing": Kind("a mandatory segment is not there", "segment", "3"),
    "loop-missing": Kind("a mandatory loop is not there", "segment", "3"),
    "loops-too-many": Kind("the loop occurs more often than the guide allows", "segment", "4"),
    "segments-too-many": Kind("the segment occurs more often than the guide allows", "segment", "5"),
    "segment-not-defined": Kind("the set does not use this segment", "segment", "6"),
    "segment-out-of-order": Kind("the segment stands after one that it must come before", "segment", "7"),
    "line-break-inside": Kind("a line break stands inside of a segment; it was left out", "segment", "8", "strict"),
    "binary-length": Kind("the binary data are not as long as the segment says", "segment", "8"),
    "qualifier-unexpected": Kind("the qualifier is not one that is used here", "element", "I6"),
    "element-missing": Kind("a mandatory element is empty", "element", "1"),
    "element-needed": Kind("another element of the segment asks for this one", "element", "2"),
    "elements-too-many": Kind("the segment has more elements than it can have", "element", "3"),
    "element-short": Kind("shorter than the element may be", "element", "4"),
    "element-long": Kind("longer than the element may be", "element", "5"),
    "character-invalid": Kind("a control character stands in the value", "element", "6"),
    "character-extended": Kind("a character beyond ASCII; agree on it with the receiver", "element", "6", "warning"),
    "number-invalid": Kind("not written as a number of this type", "element", "6"),
    "code-invalid": Kind("not one of the codes that the list given for this place has", "element", "7"),
    "date-invalid": Kind("no date of the calendar, or not in its format", "element", "8"),
    "time-invalid": Kind("no time of the day, or not in its format", "element", "9"),
    "dates-reversed": Kind("ends before it begins", "element", "8"),
    "element-excluded": Kind("another element of the segment excludes this one", "element", "10"),
    "repetitions-too-many": Kind("the element repeats more often than it may", "element", "12"),
    "components-too-many": Kind("the element has more components than it can have", "element", "13"),
    "element-unused": Kind("the guide does not use this element", "element", "I10", "strict"),
    "npi-check-digit": Kind("the check digit of the NPI is wrong", "element", "7", "strict"),
    "level-number": Kind("HL01 must count the levels of the set from 1", "element", "7", "strict"),
    "level-parent": Kind("HL02 names no level that came before", "element", "7"),
    "level-children": Kind("HL04 and the levels that follow do not agree", "element", "7", "strict"),
    "line-number": Kind("LX01 must count the lines of the claim from 1", "element", "7", "strict"),
    "claim-total-differs": Kind("CLM02 is not the sum of the charges of its lines", "element", "I12"),
    "patient-misplaced": Kind("the claim stands under the wrong level for its SBR02", "segment", "I6", "strict"),
    "original-reference-missing": Kind("a replaced or void claim needs a REF F8", "segment", "I6", "strict"),
    "line-out-of-balance": Kind("SVC02 less the CAS amounts is not SVC03", "element", "I12"),
    "claim-out-of-balance": Kind("CLP03 less the CAS amounts of claim and lines is not CLP04", "element", "I12"),
    "payment-out-of-balance": Kind("CLP04 of all claims less PLB is not BPR02", "element", "I12"),
    "claim-amount-differs": Kind("CLP03 is not the sum of the SVC02 of its lines", "element", "I12", "strict"),
    "amount-invalid": Kind("an amount cannot be read, so the balance was not checked", "element", "6"),
    "findings-cut": Kind("more was found than is listed", "interchange", "024", "warning"),
}
