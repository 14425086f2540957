"""Code systems and code tables of orders, appointments, results, charges and documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

CPT: Final = "http://www.ama-assn.org/go/cpt"
HCPCS: Final = "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes"
CDT: Final = "http://www.ada.org/cdt"
NDC: Final = "http://hl7.org/fhir/sid/ndc"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_9_CM: Final = "http://hl7.org/fhir/sid/icd-9-cm"
ICD_10_PCS: Final = "http://www.cms.gov/Medicare/Coding/ICD10"
REVENUE: Final = "https://www.nubc.org/CodeSystem/RevenueCodes"
LOINC: Final = "http://loinc.org"
_TABLES: Final = "http://terminology.hl7.org/CodeSystem/v2-"

# Table 0396, and what senders write in its place. I10 is the WHO's there; US senders mean the clinical modification.
SYSTEMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("C4", "CPT", "CPT4", "CPT-4", "C5", "CPT5", "PCV4"), CPT),
    **dict.fromkeys(("HCPCS", "HCPC", "HPC", "HCP"), HCPCS),
    **dict.fromkeys(("CD2", "CDT"), CDT),
    **dict.fromkeys(("NDC", "NDCID"), NDC),
    **dict.fromkeys(("I10", "I10C", "I10CM", "ICD10", "ICD-10", "ICD10CM", "ICD-10-CM"), ICD_10_CM),
    **dict.fromkeys(("I9", "I9C", "I9CM", "I9CDX", "ICD9", "ICD-9", "ICD9CM", "ICD-9-CM"), ICD_9_CM),
    **dict.fromkeys(("I10P", "ICD10PCS", "ICD-10-PCS"), ICD_10_PCS),
    **dict.fromkeys(("LN", "LOINC"), LOINC),
    **dict.fromkeys(("SCT", "SNOMED", "SNOMED-CT", "SCT2"), "http://snomed.info/sct"),
    **dict.fromkeys(("RXNORM", "RXN"), "http://www.nlm.nih.gov/research/umls/rxnorm"),
    **dict.fromkeys(("NUBC", "UB04", "UB92", "NUBC-REV"), REVENUE),
    "NUCC": "http://nucc.org/provider-taxonomy",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "MVX": "http://hl7.org/fhir/sid/mvx",
    "UCUM": "http://unitsofmeasure.org",
    "GTIN": "https://www.gs1.org/gtin",
}
# How each is written again.
NAMES: Final[Mapping[str, str]] = {
    CPT: "C4", HCPCS: "HCPCS", CDT: "CD2", NDC: "NDC", ICD_10_CM: "I10C", ICD_9_CM: "I9CDX", ICD_10_PCS: "I10P",
    LOINC: "LN", "http://snomed.info/sct": "SCT", "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
    REVENUE: "NUBC", "http://nucc.org/provider-taxonomy": "NUCC", "http://hl7.org/fhir/sid/cvx": "CVX",
    "http://hl7.org/fhir/sid/mvx": "MVX", "http://unitsofmeasure.org": "UCUM", "https://www.gs1.org/gtin": "GTIN",
}  # fmt: skip


def system_of(name: str) -> str | None:
    """The code system of CWE.3: its URI, or its name as written; None for the sender's own table (`L`, `99ZZZ`)."""
    upper = name.upper()
    if not upper or upper == "L" or (upper.startswith("99") and len(upper) > 2):
        return None
    found = SYSTEMS.get(upper)
    if found is not None:
        return found
    number = upper.removeprefix("HL7").lstrip("-")
    return f"{_TABLES}{number}" if upper.startswith("HL7") and len(number) == 4 and number.isdigit() else name


def name_of(system: str | None) -> str:
    """What `system_of` reads back as `system`."""
    if system is None:
        return "L"
    if system.startswith(_TABLES):
        return "HL7" + system.removeprefix(_TABLES)
    return NAMES.get(system, system)


AppointmentStatus: TypeAlias = Literal[
    "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error"
]
# Table 0278; from ARRIVED on, words that senders add to it. CONFIRMED is a booked appointment and an event of its own.
APPOINTMENT_STATUS: Final[Mapping[str, AppointmentStatus]] = {
    "PENDING": "pending", "WAITLIST": "pending", "BOOKED": "booked", "OVERBOOK": "booked", "STARTED": "arrived",
    "COMPLETE": "fulfilled", "CANCELLED": "cancelled", "DC": "cancelled", "DELETED": "entered-in-error",
    "NOSHOW": "noshow", "ARRIVED": "arrived", "CHECKEDIN": "arrived", "CHECKIN": "arrived", "COMPLETED": "fulfilled",
    "CHECKEDOUT": "fulfilled", "CANCELED": "cancelled", "NOTARRIVED": "noshow", "SCHEDULED": "booked",
    "CONFIRMED": "booked", "PROPOSED": "proposed", "REQUESTED": "proposed",
}  # fmt: skip

Priority: TypeAlias = Literal["routine", "urgent", "asap", "stat"]
# Tables 0485 and 0027, and the words.
PRIORITY: Final[Mapping[str, Priority]] = {
    "S": "stat", "STAT": "stat", "A": "asap", "ASAP": "asap", "R": "routine", "ROUTINE": "routine", "U": "urgent",
    "URGENT": "urgent",
}  # fmt: skip

# Table 0074, as far as it says which department does the work.
_LABORATORY: Final = (
    "LAB", "CH", "HM", "MB", "MCB", "BLB", "CP", "CG", "IMM", "SP", "SR", "VR", "TX", "MYC", "PAR", "BG", "SRL",
)  # fmt: skip
_IMAGING: Final = ("RAD", "CT", "NMR", "NMS", "RUS", "OUS", "CUS", "VUS", "XRC", "RX", "IMG", "MG", "US", "MR")
CATEGORY: Final[Mapping[str, str]] = {
    **dict.fromkeys(_LABORATORY, "laboratory"),
    **dict.fromkeys(_IMAGING, "imaging"),
}

ReportStatus: TypeAlias = Literal["final", "amended", "corrected", "cancelled", "unknown"]
# Table 0123: only what is done; the rest is told when it is.
DONE: Final[Mapping[str, ReportStatus]] = {
    "F": "final",
    "C": "corrected",
    "X": "cancelled",
    "Y": "unknown",
    "Z": "unknown",
}
UNFINISHED: Final = frozenset({"A", "I", "M", "N", "O", "P", "R", "S"})

DocumentState: TypeAlias = Literal["preliminary", "final", "amended", "entered-in-error"]
# Table 0271.
COMPLETION: Final[Mapping[str, DocumentState]] = {
    "AU": "final", "LA": "final", "DI": "preliminary", "DO": "preliminary", "IN": "preliminary", "IP": "preliminary",
    "PA": "preliminary",
}  # fmt: skip
# Tables 0272 and 0191.
CONFIDENTIALITY: Final[Mapping[str, str]] = {
    "U": "N", "UC": "N", "R": "R", "RE": "R", "V": "V", "VR": "V",
}  # fmt: skip
CONTENT_TYPE: Final[Mapping[str, str]] = {
    "TX": "text/plain",
    "TEXT": "text/plain",
    "FT": "text/plain",
    "PDF": "application/pdf",
}

# Table 0161 (may be substituted) and 0167 (was).
SUBSTITUTION_ALLOWED: Final[Mapping[str, bool]] = {"N": False, "G": True, "T": True}
SUBSTITUTED: Final[Mapping[str, bool]] = {
    "N": False, "0": False, "1": False, **dict.fromkeys(("G", "T", "2", "3", "4", "5", "7", "8"), True),
}  # fmt: skip
