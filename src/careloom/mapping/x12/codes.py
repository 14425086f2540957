"""Codes of X12's data elements that have a meaning in the canonical model; whatever is not here passes as it came."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from careloom.mapping.tables import RELATIONSHIP, Gender
from careloom.model import Coding

CPT: Final = "http://www.ama-assn.org/go/cpt"
HCPCS: Final = "http://terminology.hl7.org/CodeSystem/HCPCS-all-codes"
CDT: Final = "http://www.ada.org/cdt"
NDC: Final = "http://hl7.org/fhir/sid/ndc"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_9_CM: Final = "http://hl7.org/fhir/sid/icd-9-cm"
ICD_10_PCS: Final = "http://www.cms.gov/Medicare/Coding/ICD10"
TAXONOMY: Final = "http://nucc.org/provider-taxonomy"
REVENUE: Final = "https://www.nubc.org/CodeSystem/RevenueCodes"

REJECT: Final = "X12-901"
"""Why a question was not answered (AAA03)."""
DECISION: Final = "X12-1271"
"""Why a request was decided so (HCR03)."""

# Data element 66 (NM108, N103) to a type of HL7 table 0203, or the short name people use.
IDENTIFIER_TYPE: Final[Mapping[str, str]] = {
    "XX": "NPI", "24": "TAX", "FI": "TAX", "EI": "TAX", "34": "SS", "SY": "SS", "MI": "MB", "PI": "NIIP", "XV": "HPID",
    "46": "ETIN", "1": "DUNS", "9": "DUNS", "UL": "GLN", "21": "HIN",
}  # fmt: skip
IDENTIFIER_QUALIFIER: Final[Mapping[str, str]] = {
    "NPI": "XX", "MB": "MI", "NIIP": "PI", "HPID": "XV", "ETIN": "46", "TAX": "FI", "DUNS": "1", "GLN": "UL",
    "HIN": "21",
}  # fmt: skip
# Numbers that one party of the trade gave another (N103): who gave it.
ASSIGNED_BY: Final[Mapping[str, str]] = {"91": "seller", "92": "buyer"}

# Data element 235 to the types of Product.identifier; three kinds of NDC differ in how they are punctuated.
PRODUCT_TYPE: Final[Mapping[str, str]] = {
    "IN": "BP", "BP": "BP", "CB": "BP", "VC": "VP", "VN": "VP", "VP": "VP", "VA": "VP", "MG": "MP", "MF": "MP",
    "MP": "MP", "MN": "MP", "UK": "GTIN", "UP": "GTIN", "UA": "GTIN", "UI": "GTIN", "EN": "GTIN", "U2": "GTIN",
    "N1": "NDC", "N2": "NDC", "N3": "NDC", "N4": "NDC", "ND": "NDC", "SK": "SKU", "DI": "UDI",
}  # fmt: skip
PRODUCT_QUALIFIER: Final[Mapping[str, str]] = {
    "BP": "IN", "VP": "VC", "MP": "MG", "GTIN": "UK", "NDC": "N4", "SKU": "SK", "UDI": "DI",
}  # fmt: skip

# Data element 1068.
GENDER: Final[Mapping[str, Gender]] = {"F": "female", "M": "male", "U": "unknown"}
GENDER_CODE: Final[Mapping[str, str]] = {"female": "F", "male": "M", "other": "U", "unknown": "U"}

# Data element 1069 to FHIR's subscriber-relationship, and back; those without a meaning there are `other`.
RELATION: Final[Mapping[str, str]] = {
    **RELATIONSHIP, "18": "self", "01": "spouse", "19": "child", "53": "common", "03": "parent", "32": "parent",
    "33": "parent", "17": "child", "10": "child", "09": "child", "02": "child", "34": "other", "21": "other",
}  # fmt: skip
RELATION_CODE: Final[Mapping[str, str]] = {
    "self": "18", "spouse": "01", "child": "19", "common": "53", "parent": "32", "other": "G8",
}  # fmt: skip

# Data element 591 (BPR04).
PaymentMethod = Literal["ach", "check", "wire", "card", "none", "other"]
METHOD: Final[Mapping[str, PaymentMethod]] = {
    "ACH": "ach", "CHK": "check", "BOP": "ach", "FWT": "wire", "SWT": "wire", "NON": "none", "CCC": "card",
    "CDA": "ach",
}  # fmt: skip

_SYSTEM: Final[Mapping[str, str]] = {"AD": CDT, "N4": NDC, "N1": NDC, "N2": NDC, "N3": NDC, "N6": NDC, "NU": REVENUE}
_QUALIFIER: Final[Mapping[str, str]] = {CPT: "HC", HCPCS: "HC", CDT: "AD", NDC: "N4", REVENUE: "NU"}
_CPT_CODE: Final = re.compile(r"\d{4}[0-9FTUM]", re.ASCII)

# Data element 1270 of HI: what kind of diagnosis, in which revision of ICD.
DiagnosisType = Literal["principal", "admitting", "patient-reason", "external-cause", "other"]
DIAGNOSIS: Final[Mapping[str, tuple[DiagnosisType, str]]] = {
    "ABK": ("principal", ICD_10_CM), "ABF": ("other", ICD_10_CM), "ABJ": ("admitting", ICD_10_CM),
    "APR": ("patient-reason", ICD_10_CM), "ABN": ("external-cause", ICD_10_CM), "BK": ("principal", ICD_9_CM),
    "BF": ("other", ICD_9_CM), "BJ": ("admitting", ICD_9_CM), "PR": ("patient-reason", ICD_9_CM),
    "BN": ("external-cause", ICD_9_CM), "ZZ": ("patient-reason", ICD_9_CM),
}  # fmt: skip
DIAGNOSIS_QUALIFIER: Final[Mapping[tuple[str, str], str]] = {
    meaning: qualifier for qualifier, meaning in DIAGNOSIS.items() if qualifier != "ZZ"
}
PROCEDURE: Final[Mapping[str, str]] = {"BBR": ICD_10_PCS, "BBQ": ICD_10_PCS, "BR": ICD_9_CM, "BQ": ICD_9_CM}


def procedure_coding(qualifier: str | None, code: str) -> Coding:
    """A code under its product or service qualifier (data element 235). `HC` stands for CPT and for HCPCS level II,
    which differ in their form."""
    if qualifier == "HC":
        return Coding(code=code, system=CPT if _CPT_CODE.fullmatch(code) else HCPCS)
    return Coding(code=code, system=_SYSTEM.get(qualifier or "", qualifier))


def procedure_qualifier(coding: Coding) -> str:
    """The way back; a system that has no qualifier is taken for one, which it is where it came from X12."""
    system = coding.system or "HC"
    return _QUALIFIER.get(system, system if len(system) == 2 else "ZZ")
