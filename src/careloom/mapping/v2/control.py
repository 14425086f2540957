"""What an order control code (ORC-1, HL7 table 0119) and an order status (ORC-5, table 0038) mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from careloom.mapping.source import Source
from careloom.mapping.v2.groups import Order

Status: TypeAlias = Literal["active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"]
Act: TypeAlias = Literal["new", "changed", "cancelled"]

_NEW: Final = ("NW", "RO", "CH", "PA", "AF", "")
_CHANGED: Final = ("XO", "XX", "XR", "SC", "RL", "OE", "OR", "FU", "NA")
_HELD: Final = ("HD", "OH", "HR")
_CANCELLED: Final = ("CA", "OC", "CR", "DC", "OD", "DR", "RP", "RU", "RQ", "UA", "DF")
ACTS: Final[Mapping[str, tuple[Act, Status]]] = {
    **dict.fromkeys(_NEW, ("new", "active")),
    **dict.fromkeys(_CHANGED, ("changed", "active")),
    **dict.fromkeys(_HELD, ("changed", "on-hold")),
    **dict.fromkeys(_CANCELLED, ("cancelled", "revoked")),
}
# Table 0038. Completed orders stay so; a result or a charge says what was done.
_STATUS: Final[Mapping[str, Status]] = {
    "A": "active", "IP": "active", "SC": "active", "HD": "on-hold", "CA": "revoked", "DC": "revoked", "RP": "revoked",
    "CM": "completed", "ER": "entered-in-error",
}  # fmt: skip


class Control(NamedTuple):
    """What happened to an order, and where it stands now."""

    act: Act
    status: Status


def control(source: Source, order: Order, *, performed: bool = False) -> Control | None:
    """What ORC-1 says; the status in ORC-5 says more, where ORC-1 only tells of a new order or a change. None, with an
    issue, for answers, questions and observations. `performed` takes those (RE) as they are: active."""
    orc = order.first("ORC")
    if orc is None:
        return Control("new", "active")
    code = (source.first(orc, 1) or "").upper()
    stated = _STATUS.get((source.first(orc, 5) or "").upper())
    if performed and code not in ACTS:
        code = ""
    found = ACTS.get(code)
    if found is None:
        source.drop(f"{orc.place}-1", "does not say that an order was placed, changed or cancelled; dropped")
        return None
    act, status = found
    if act == "cancelled" or status == "on-hold" or stated is None:
        return Control(act, status)
    return Control("cancelled" if stated in ("revoked", "entered-in-error") else act, stated)
