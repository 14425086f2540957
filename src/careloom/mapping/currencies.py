"""Amounts in the smallest unit of a currency, as payment gateways write them (ISO 4217, list one)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from careloom.model import Money

_TWO: Final = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO
NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NONE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_FOUR: Final = "CLF UYW"

EXPONENTS: Final[Mapping[str, int]] = {
    code: places for codes, places in ((_TWO, 2), (_NONE, 0), (_THREE, 3), (_FOUR, 4)) for code in codes.split()
}
"""Digits behind the point, by currency."""
_LONGEST: Final = 10**17


def from_minor(amount: int, currency: str, over: Mapping[str, int] | None = None) -> Money:
    """`1250, "usd"` is 12.50 USD. `over` are currencies that a gateway counts otherwise than ISO 4217.

    Raises ValueError for a currency that there is not, and an amount of more than 17 digits.
    """
    code = currency.upper()
    if abs(amount) >= _LONGEST:
        raise ValueError("an amount of more than 17 digits")
    return Money(value=Decimal(amount).scaleb(-_places(code, over)), currency=code)


def to_minor(money: Money, over: Mapping[str, int] | None = None) -> int:
    """The other way. Raises ValueError for an amount finer than the currency's smallest unit."""
    scaled = money.value.scaleb(_places(money.currency, over))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{money.currency} has no unit that small; round the amount first")
    return int(scaled)


def _places(code: str, over: Mapping[str, int] | None) -> int:
    places = (over or {}).get(code, EXPONENTS.get(code))
    if places is None:
        raise ValueError("no currency of ISO 4217")
    return places
