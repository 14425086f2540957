"""Information to the account owner (:86:) in the three ways that banks write it.

With sub-fields (`166?00...?20...`, as German, Austrian and Polish banks do), with code words between slashes
(`/EREF/.../NAME/...`, as Dutch and many other banks do), or as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

_SUBFIELDS: Final = re.compile(r"\d{3}([?<>@~^|])(?=\d\d)")
_SLASHED: Final = re.compile(
    r"/(EREF|KREF|MREF|RTRN|TRTP|TRCD|IBAN|BIC|NAME|REMI|CSID|BENM|ORDP|ID|ADDR|ISDT|PREF|PURP|SVCL|MARF|CNTP|ULTC|ULTD"
    r"|OCMT|CHGS|EXCH|ACCW|PMTI|IDCD|BUSP|RREF|SVWZ)/"
)
# In sub-fields the purpose is itself divided, in the words of the German banks for SEPA payments.
_SEPA: Final = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|COAM|OAMT|PURP)\+")
_PURPOSE: Final = (*(f"{number}" for number in range(20, 30)), *(f"{number}" for number in range(60, 64)))
_NONE: Final = frozenset({"NOTPROVIDED", "NONREF"})


class Information(NamedTuple):
    """What the text tells of an entry."""

    remittance: str = ""
    end_to_end: str = ""
    counterparty: str = ""
    account: str = ""


def information_of(text: str) -> Information:
    """Reads the text of a :86: field, its lines parted by LF."""
    divided = _SUBFIELDS.match(text)
    if divided:
        return _of_subfields(text[divided.end() :].replace("\n", ""), divided[1])
    joined = text.replace("\n", "")
    if _SLASHED.match(joined) or joined.startswith("//"):
        return _of_code_words(_parts(_SLASHED, joined))
    return Information(remittance=" ".join(text.split()))


def _of_subfields(text: str, mark: str) -> Information:
    fields: dict[str, str] = {}
    for piece in text.split(mark):
        number = piece[:2]
        if number.isdigit():
            fields[number] = fields.get(number, "") + piece[2:]
    purpose = "".join(fields.get(number, "") for number in _PURPOSE)
    words = _parts(_SEPA, purpose)
    name = f"{fields.get('32', '')}{fields.get('33', '')}".strip()
    reference = words.get("EREF", "").strip()
    return Information(
        remittance=(words.get("SVWZ") or ("" if words else purpose)).strip(),
        end_to_end="" if reference in _NONE else reference,
        counterparty=name,
        account=(fields.get("31") or words.get("IBAN", "")).strip(),
    )


def _of_code_words(words: Mapping[str, str]) -> Information:
    party = words.get("CNTP", "").split("/")
    remittance = words.get("REMI", "") or words.get("SVWZ", "")
    reference = words.get("EREF", "").strip("/ ")
    return Information(
        # USTD// and STRD/CUR/ say whether the text is structured.
        remittance=re.sub(r"^(?:USTD//|STRD/(?:CUR|ISO)/)", "", remittance).strip("/ "),
        end_to_end="" if reference in _NONE else reference,
        counterparty=(words.get("NAME") or (party[2] if len(party) > 2 else "")).strip("/ "),
        account=(words.get("IBAN") or party[0]).strip("/ "),
    )


def _parts(pattern: re.Pattern[str], text: str) -> dict[str, str]:
    """Text by the word before it; the first of each word counts."""
    pieces = pattern.split(text)
    found: dict[str, str] = {}
    for word, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if not found.get(word):
            found[word] = piece
    return found
