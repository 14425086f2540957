"""Which column of a table holds what, by the names that columns usually have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from careloom.core.errors import FormatError

_USUAL = {
    "given": "given_name first_name firstname first given forename fname givenname name_given patient_first_name",
    "middle": "middle_name middle middlename mname second_name middle_initial mi name_middle",
    "family": "surname last_name lastname last family family_name lname familyname sur_name name_family"
    " patient_last_name",
    "former": "maiden maiden_name former_name previous_name birth_name maidenname alias other_family_name",
    "suffix": "suffix name_suffix generation",
    "name": "name full_name fullname patient_name",
    "birth": "date_of_birth birth_date birthdate dob birthday birth dateofbirth patient_dob",
    "sex": "sex gender administrative_sex",
    "number": "street_number house_number streetnumber",
    "address": "address_1 address address1 street street_address address_line1 address_line_1 addr1 streetaddress"
    " home_address street_name",
    "city": "suburb city town locality address_city",
    "postcode": "postcode zip zip_code zipcode postal_code post_code address_zip",
    "state": "state state_code province region address_state",
    "phone": "phone phone_number telephone mobile cell phone_home phone_1 phone_2 home_phone mobile_phone phone1 phone2"
    " phone_number_2 telecom",
    "email": "email e_mail email_address mail",
    "national": "soc_sec_id ssn social_security_number social_security national_id nhs_number ssn_number",
    "multiple": "multiple birth_order multiple_birth",
    "identifier": "",
}
FIELDS = tuple(_USUAL)
"""What a column may hold, as `--map COLUMN=FIELD` names it."""

_FIELD_OF = {name: field for field, usual in _USUAL.items() for name in usual.split()}


def recognised(columns: Sequence[str], given: Mapping[str, str], apart: Sequence[str] = ()) -> dict[str, list[str]]:
    """The columns of each field. `given` (column -> field) wins over what names suggest, and `-` leaves a column out;
    columns `apart` hold the truth and are never compared. Raises FormatError for a column or field that is not there.
    """
    for column, field in given.items():
        if column not in columns:
            raise FormatError(f"has no such column; it has {', '.join(columns)}", f"column {column}")
        if field not in (*FIELDS, "-"):
            raise FormatError(f"{field} is no field; say one of {', '.join(FIELDS)}, or -", f"column {column}")
    found: dict[str, list[str]] = {}
    for column in columns:
        field = given.get(column) or _FIELD_OF.get(_plain(column), "-")
        if field != "-" and column not in apart:
            found.setdefault(field, []).append(column)
    return found


def _plain(column: str) -> str:
    return "_".join(column.strip().lower().replace("-", " ").replace(".", " ").split())
