"""HL7's code tables and what they mean in FHIR R4, following the HL7 v2-to-FHIR implementation guide (STU 1).

A code that the guide leaves without a FHIR meaning is left out here too; where we go beyond it, the line says so.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Gender: TypeAlias = Literal["male", "female", "other", "unknown"]
NameUse: TypeAlias = Literal["usual", "official", "temp", "nickname", "anonymous", "old", "maiden"]
AddressUse: TypeAlias = Literal["home", "work", "temp", "old", "billing"]
ContactUse: TypeAlias = Literal["home", "work", "temp", "old", "mobile"]
ContactSystem: TypeAlias = Literal["phone", "fax", "email", "pager", "url", "sms", "other"]
EncounterClass: TypeAlias = Literal["IMP", "AMB", "EMER", "PRENC"]

# Table 0001. The words are beyond the standard: senders write them.
SEX: Final[dict[str, Gender]] = {
    "F": "female",
    "M": "male",
    "O": "other",
    "A": "other",
    "N": "other",
    "U": "unknown",
    "FEMALE": "female",
    "MALE": "male",
    "OTHER": "other",
    "UNKNOWN": "unknown",
}

# Table 0002 to v3-MaritalStatus; T (unreported), O (other) and R have no single meaning there.
MARITAL: Final[dict[str, str]] = {
    "A": "L",
    "B": "U",
    "C": "C",
    "D": "D",
    "E": "L",
    "G": "T",
    "I": "I",
    "M": "M",
    "N": "A",
    "P": "T",
    "R": "T",
    "S": "S",
    "U": "UNK",
    "W": "W",
}

# Table 0200.
NAME_USE: Final[dict[str, NameUse]] = {
    "BAD": "old",
    "D": "usual",
    "L": "official",
    "M": "maiden",
    "N": "nickname",
    "NOUSE": "old",
    "S": "anonymous",
    "TEMP": "temp",
}

# Table 0190. "BA" (bad address) is ours: billing must not write to it, and must not lose it either.
ADDRESS_USE: Final[dict[str, AddressUse]] = {
    "B": "work",
    "BA": "old",
    "BI": "billing",
    "C": "temp",
    "H": "home",
    "HV": "temp",
    "O": "work",
    "V": "temp",
}
ADDRESS_POSTAL: Final = frozenset({"M"})
# Birth and origin are no places to send a bill to.
ADDRESS_DROPPED: Final = frozenset({"BDL", "BR", "F", "N", "RH"})

# Tables 0201 and 0202.
CONTACT_USE: Final[dict[str, ContactUse]] = {"PRN": "home", "WPN": "work", "PRS": "mobile"}
CONTACT_SYSTEM: Final[dict[str, ContactSystem]] = {
    "PH": "phone",
    "CP": "phone",
    "SAT": "phone",
    "FX": "fax",
    "BP": "pager",
    "INTERNET": "email",
    "X.400": "email",
    "MD": "other",
    "TDD": "other",
    "TTY": "other",
}

# Table 0203: numbers of the state, the bank or the card company. They are not carried: billing does not need them.
IDENTIFIER_WITHHELD: Final = frozenset(
    {"SS", "SSN", "SB", "DL", "PPN", "BA", "BC", "AX", "DI", "DS", "MS", "VS", "CC", "DDA", "MCR", "TAX"}
)
# What senders put as assigner or type of a social security number without a type code.
SOCIAL_SECURITY_ASSIGNERS: Final = frozenset({"SSN", "SSA", "USSSA", "USSSN"})

# Which of a patient's numbers says best who it is: an account or a visit never says it before a person number does.
IDENTIFIER_RANK: Final[dict[str, int]] = {"MR": 0, "PI": 1, "PT": 2, "PE": 3, "PN": 4, "AN": 8, "VN": 9}
IDENTIFIER_RANK_OTHER: Final = 5

# Placeholders in place of a number; anything of zeros and punctuation alone is one too.
NO_IDENTIFIER: Final = frozenset({"NONE", "UNKNOWN", "UNK", "N/A", "NA", "NULL", "NIL", "PENDING"})

# Table 0004. R (recurring) and B (obstetrics) are ours: the first are outpatients, the second lie in a bed.
PATIENT_CLASS: Final[dict[str, EncounterClass]] = {
    "E": "EMER",
    "I": "IMP",
    "O": "AMB",
    "P": "PRENC",
    "R": "AMB",
    "B": "IMP",
}
# C (commercial account), N (not applicable), U (unknown): said on purpose, and no class of a visit.
PATIENT_CLASS_NONE: Final = frozenset({"C", "N", "U"})

# Table 0063 and the X12 element 1069 that many US senders use instead, to FHIR's subscriber-relationship.
RELATIONSHIP: Final[dict[str, str]] = {
    **dict.fromkeys(("SEL", "SLF", "18"), "self"),
    **dict.fromkeys(("SPO", "01"), "spouse"),
    **dict.fromkeys(("CHD", "NCH", "SCH", "FCH", "19"), "child"),
    **dict.fromkeys(("PAR", "MTH", "FTH", "32", "33"), "parent"),
    **dict.fromkeys(("DOM", "53"), "common"),
    **dict.fromkeys(("ASC", "BRO", "CGV", "DEP", "EMC", "EME", "EMR", "EXF", "FND", "GCH", "GRD"), "other"),
    **dict.fromkeys(("GRP", "MGR", "NON", "OAD", "OTH", "OWN", "SIB", "SIS", "TRA", "WRD", "G8", "20"), "other"),
}

# Table 0296 takes ISO 639-2; FHIR wants BCP 47, which prefers the two-letter code where there is one.
LANGUAGE: Final[dict[str, str]] = {
    "ara": "ar",
    "ben": "bn",
    "chi": "zh",
    "zho": "zh",
    "dan": "da",
    "deu": "de",
    "dut": "nl",
    "nld": "nl",
    "eng": "en",
    "fin": "fi",
    "fra": "fr",
    "fre": "fr",
    "ger": "de",
    "gre": "el",
    "ell": "el",
    "hat": "ht",
    "heb": "he",
    "hin": "hi",
    "hun": "hu",
    "ita": "it",
    "jpn": "ja",
    "khm": "km",
    "kor": "ko",
    "nor": "no",
    "pol": "pl",
    "por": "pt",
    "ron": "ro",
    "rum": "ro",
    "rus": "ru",
    "som": "so",
    "spa": "es",
    "swe": "sv",
    "swa": "sw",
    "tgl": "tl",
    "tha": "th",
    "tur": "tr",
    "ukr": "uk",
    "urd": "ur",
    "vie": "vi",
    "per": "fa",
}

# A null (`""`) in these fields asks to delete; the path is where the value stood in the event.
CLEARS: Final[dict[str, dict[int, str]]] = {
    "PID": {
        5: "patient.name",
        7: "patient.birthDate",
        8: "patient.gender",
        11: "patient.address",
        13: "patient.telecom.home",
        14: "patient.telecom.work",
        15: "patient.language",
        16: "patient.maritalStatus",
        18: "patient.account",
        29: "patient.deceasedDateTime",
        30: "patient.deceasedBoolean",
    },
    "PV1": {
        3: "encounter.location",
        7: "encounter.attending",
        8: "encounter.referring",
        10: "encounter.serviceType",
        17: "encounter.admitting",
        44: "encounter.period.start",
        45: "encounter.period.end",
    },
}
