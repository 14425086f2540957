"""Fuzz targets of codes and identifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from careloom.identity.codes.gs1 import elements
from careloom.identity.codes.hibc import hibc
from careloom.identity.codes.registry import KINDS
from careloom.identity.codes.udi import trace

_LABELS = [b"(01)00312345678906(17)270500(10)A-77(21)S1", b"]d201003123456789061727050010A-77\x1d21S1", b"(00)1"]
_HIBC = [b"+A123BJC5D6E71G", b"+A99912345/$$52001510X33", b"+A99912345/$$8053270531LOT7/SSN1/14D20270531J"]
_CODES = [b"1999999992", b"98-7654321", b"0069-3150-83", b"S72.001A", b"718-7", b"mg/dL", b"US-CA", b"10*3/uL"]


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """Functions that may raise FormatError only, with inputs to begin from."""
    KINDS["ucum"].normal("mg")  # the tables of units are loaded once, which takes longer than any input may
    plain = [kind for kind in KINDS.values() if kind.name != "ucum"]
    return {
        "gs1": (lambda data: elements(data.decode("latin-1")), _LABELS),
        "hibc": (lambda data: hibc(data.decode("latin-1")), _HIBC),
        "label": (lambda data: trace(data.decode("latin-1")), [*_LABELS, *_HIBC]),
        "ucum": (lambda data: KINDS["ucum"].normal(data.decode("latin-1")), _CODES),
        **{kind.name: (_reading(kind.normal), _CODES) for kind in plain if kind.name not in ("gs1", "udi")},
    }


def _reading(normal: Callable[[str], str]) -> Callable[[bytes], object]:
    return lambda data: normal(data.decode("latin-1"))
