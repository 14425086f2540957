"""One entry of a camt document (ISO 20022 ReportEntry), in the shapes of versions 02 to 08."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final
from xml.etree.ElementTree import Element

from careloom.formats.bank.numbers import amount_of, day_of
from careloom.formats.bank.statement import Detail, Entry, total_of
from careloom.formats.inspection import Finding

_SIDES: Final = {"CRDT": 1, "DBIT": -1}
_NO_REFERENCE: Final = "NOTPROVIDED"


def text_at(element: Element, *paths: str) -> str:
    """The text at the first of these paths that has one; "" for none."""
    for path in paths:
        found: Element | None = element
        # One step at a time is found in C; a path is not.
        for step in path.split("/"):
            found = found.find(step) if found is not None else None
        if found is not None and found.text and (text := found.text.strip()):
            return text
    return ""


def day_at(element: Element, *paths: str) -> date | None:
    """The day at the first of these paths that has text."""
    return day_of(text_at(element, *paths))


def amount_at(element: Element, place: str, findings: list[Finding]) -> Decimal | None:
    """The signed amount of an entry or balance; None, and a finding, when it or its side cannot be read."""
    amount = amount_of(text_at(element, "Amt"))
    side = _SIDES.get(text_at(element, "CdtDbtInd"))
    if amount is None:
        findings.append(Finding(code="amount", place=f"{place}/Amt", text="no decimal amount; ask the bank"))
        return None
    if side is None:
        findings.append(Finding(code="side", place=f"{place}/CdtDbtInd", text="neither CRDT nor DBIT; ask the bank"))
        return None
    return amount * side


def entry_of(element: Element, place: str, findings: list[Finding]) -> Entry | None:
    """The entry; None, and findings, when its amount cannot be read."""
    amount = amount_at(element, place, findings)
    if amount is None:
        return None
    found = element.findall("NtryDtls/TxDtls")
    details = tuple(_detail(detail, amount) for detail in found)
    _check_batches(element, amount, details, place, findings)
    booking = day_at(element, "BookgDt/Dt", "BookgDt/DtTm")
    if booking is None and text_at(element, "Sts/Cd", "Sts") == "BOOK":
        findings.append(Finding(code="date", place=f"{place}/BookgDt", text="a booked entry without its booking date"))
    own = details[0] if len(details) == 1 else Detail()
    currency = element.find("Amt")
    return Entry(
        amount=amount,
        currency=currency.get("Ccy", "") if currency is not None else "",
        booking_date=booking,
        value_date=day_at(element, "ValDt/Dt", "ValDt/DtTm"),
        reference=text_at(element, "AcctSvcrRef", "NtryRef") or own.reference,
        end_to_end=own.end_to_end,
        counterparty=own.counterparty,
        counterparty_account=own.counterparty_account,
        remittance=own.remittance or text_at(element, "AddtlNtryInf"),
        code=_code(element),
        reversal=text_at(element, "RvslInd").lower() in ("true", "1"),
        booked=text_at(element, "Sts/Cd", "Sts") in ("BOOK", ""),
        details=details if len(details) > 1 else (),
        place=place,
    )


def _code(element: Element) -> str:
    """Domain, family and sub-family (`PMNT-RCDT-ESCT`), else the bank's own code."""
    code = element.find("BkTxCd")
    if code is None:
        return ""
    parts = (text_at(code, "Domn/Cd"), text_at(code, "Domn/Fmly/Cd"), text_at(code, "Domn/Fmly/SubFmlyCd"))
    return "-".join(part for part in parts if part) or text_at(code, "Prtry/Cd")


def _detail(detail: Element, entry_amount: Decimal) -> Detail:
    side = _SIDES.get(text_at(detail, "CdtDbtInd"), -1 if entry_amount < 0 else 1)
    amount_element = next(
        (found for path in ("Amt", "AmtDtls/TxAmt/Amt") if (found := detail.find(path)) is not None), None
    )
    amount = amount_of(amount_element.text or "") if amount_element is not None else None
    # The counterparty of what the account gained is the debtor.
    party = "Dbtr" if side > 0 else "Cdtr"
    end_to_end = text_at(detail, "Refs/EndToEndId")
    return Detail(
        amount=None if amount is None else amount * side,
        currency=amount_element.get("Ccy", "") if amount_element is not None else "",
        reference=text_at(detail, "Refs/AcctSvcrRef", "Refs/TxId"),
        end_to_end="" if end_to_end == _NO_REFERENCE else end_to_end,
        counterparty=text_at(detail, f"RltdPties/{party}/Nm", f"RltdPties/{party}/Pty/Nm"),
        counterparty_account=text_at(detail, f"RltdPties/{party}Acct/Id/IBAN", f"RltdPties/{party}Acct/Id/Othr/Id"),
        remittance=_remittance(detail),
    )


def _remittance(detail: Element) -> str:
    """The text for the payee, its lines joined, and the structured references."""
    lines = [(line.text or "").strip() for line in detail.findall("RmtInf/Ustrd")]
    lines += [(line.text or "").strip() for line in detail.findall("RmtInf/Strd/CdtrRefInf/Ref")]
    return " ".join(line for line in lines if line) or text_at(detail, "AddtlTxInf")


def _check_batches(
    element: Element, amount: Decimal, details: Sequence[Detail], place: str, findings: list[Finding]
) -> None:
    stated = text_at(element, "NtryDtls/Btch/NbOfTxs")
    batches = element.findall("NtryDtls/Btch")
    if len(batches) == 1 and stated and details and amount_of(stated) != len(details):
        text = "the number of payments differs from those listed; the bank may have cut the list"
        findings.append(
            Finding(code="count-differs", place=f"{place}/NtryDtls/Btch/NbOfTxs", text=text, severity="warning")
        )
    amounts = [detail.amount for detail in details if detail.amount is not None]
    same = {detail.currency for detail in details} == {_amount_currency(element)}
    if len(details) > 1 and len(amounts) == len(details) and same and total_of(amounts) != amount:
        text = "the payments of the entry do not make its amount; charges may have been taken from it"
        findings.append(Finding(code="sum-differs", place=f"{place}/NtryDtls", text=text, severity="warning"))


def _amount_currency(element: Element) -> str:
    amount = element.find("Amt")
    return amount.get("Ccy", "") if amount is not None else ""
