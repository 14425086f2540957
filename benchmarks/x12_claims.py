"""Invented 835 and 837 files whose claims all differ: values, lines, and which of the optional segments are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

_ISA = "ISA*00*          *00*          *ZZ*CLEARING       *ZZ*NORTHSHORE     *260301*1015*^*00501*000000417*0*T*:"
_PLAN, _NPI = "NORTHERN HEALTH PLAN", "1999999992"
_NAMES = ("VALE", "OKAFOR", "LUND", "MARSH", "TALLIS", "IBARRA", "QUILL", "HARROW", "SOTO", "WREN", "ASHBY", "NOVAK")
_GIVEN = ["IMOGEN", "BEN", "ADA", "SIGNE", "TOMAS", "RUTH", "OMAR", "LENA", "PIA", "JONAH", "MARIT", "COLE"]
_TOWNS = (("PORT ELLERY", "MN", "55999"), ("SAINT PAUL", "MN", "55101"), ("LOW HAVEN", "WI", "549990001"))
_CODES = ["99213", "99212", "99214", "73560", "80053", "85025", "36415", "93000", "97110", "90834", "G0439", "J1885"]
_REASONS = ["M1711", "I10", "E119", "J069", "R0789", "Z0000", "F411", "S72001A", "M545", "N390"]
_REVENUE = ["0120", "0250", "0300", "0320", "0360", "0420", "0450", "0636"]


def npi(number: int) -> str:
    """An identifier of ten digits with its check digit."""
    digits = f"199{number:06}"
    total = 24
    for at, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 - at % 2)
        total += doubled // 10 + doubled % 10
    return digits + str(-total % 10)


def money(cents: int) -> str:
    """As an R element has it."""
    return f"{cents / 100:.2f}".rstrip("0").rstrip(".")


def _day(order: Random, year: int = 2026) -> str:
    return f"{year}{order.randint(1, 12):02}{order.randint(1, 28):02}"


def _name(order: Random) -> str:
    middle = order.choice(("", "", "J", "M"))
    return f"{order.choice(_NAMES)}*{order.choice(_GIVEN)}*{middle}".rstrip("*")


def _person(order: Random) -> str:
    """NM103 to NM107, each with its separator."""
    return f"{order.choice(_NAMES)}*{order.choice(_GIVEN)}*{order.choice(('', '', 'J', 'M'))}***"


def _place(order: Random) -> list[str]:
    return [
        f"N3*{order.randint(1, 999)} MILL LANE" + order.choice(("", "", "*APT 4")),
        "N4*" + "*".join(order.choice(_TOWNS)),
    ]


def _some(order: Random, *choices: tuple[float, str]) -> list[str]:
    """Each segment with its likelihood."""
    return [segment for likely, segment in choices if order.random() < likely]


def _enclosed(inner: Sequence[str], kind: str, guide: str, functional: str) -> bytes:
    third = f"*{guide}" if kind == "837" else ""
    lines = [_ISA, f"GS*{functional}*CLEARING*NORTHSHORE*20260301*1015*417*X*{guide}", f"ST*{kind}*0001{third}", *inner]
    return "".join(
        f"{line}~\n" for line in [*lines, f"SE*{len(inner) + 2}*0001", "GE*1*417", "IEA*1*000000417"]
    ).encode()


def remittance(claims: int, seed: int = 417) -> bytes:
    """An 835 that adds up to the cent."""
    order, total, inner = Random(seed), 0, list[str]()
    for number in range(claims):
        paid, segments = _paid_claim(order, number)
        total += paid
        inner += segments
    head = [
        f"BPR*I*{money(total - 2500)}*C*CHK************20260301", "TRN*1*T417*1900550120", "DTM*405*20260301",
        f"N1*PR*{_PLAN}", "N3*PO BOX 417", "N4*SAINT PAUL*MN*55101", "PER*BL*DESK*TE*5555550148",
        f"N1*PE*NORTHSHORE CLINIC*XX*{_NPI}", "LX*1",
    ]  # fmt: skip
    return _enclosed([*head, *inner, f"PLB*{_NPI}*20261231*L6*25"], "835", "005010X221A1", "HP")


def _paid_claim(order: Random, number: int) -> tuple[int, list[str]]:
    inner, charged, paid, shared, day = list[str](), 0, 0, 0, _day(order)
    for line in range(1, order.choice((1, 1, 2, 2, 3, 5)) + 1):
        charge = order.randint(2000, 90000)
        cut, share = charge * order.randint(0, 50) // 100, order.choice((0, 1000, 2500, charge // 10))
        modifier = order.choice(("", "", ":25"))
        inner += [
            f"SVC*HC:{order.choice(_CODES)}{modifier}*{money(charge)}*{money(charge - cut - share)}**1",
            f"DTM*472*{day}",
        ]  # fmt: skip
        inner += [f"CAS*CO*45*{money(cut)}"] if cut else []
        inner += [f"CAS*PR*{order.choice('123')}*{money(share)}"] if share else []
        inner += [f"REF*6R*L{number}A{line}"]
        inner += _some(order, (0.3, f"AMT*B6*{money(charge - cut)}"), (0.1, "LQ*HE*N130"))
        charged, paid, shared = charged + charge, paid + charge - cut - share, shared + share
    head = [
        f"CLP*C{number:07}*1*{money(charged)}*{money(paid)}*{money(shared)}*12*NHP{order.randrange(10**9):09}*11*1",
        f"NM1*QC*1*{_person(order)}MI*NS{order.randrange(10**6):06}",
    ]  # fmt: skip
    head += _some(order, (0.1, f"NM1*IL*1*{_person(order)}MI*NS55012"))
    head += _some(order, (0.5, f"NM1*82*1*{_person(order)}XX*{npi(order.randrange(60))}"))
    head += _some(
        order, (0.2, "REF*EA*M4170"), (0.9, f"DTM*232*{day}"), (0.9, f"DTM*233*{day}"), (0.3, f"DTM*050*{day}")
    )
    head += _some(order, (0.1, "PER*CX*DESK*TE*5555550148"), (0.1, f"AMT*AU*{money(charged)}"))
    return paid, head + inner


def professional(claims: int, seed: int = 417) -> bytes:
    """An 837P."""
    return _claims(claims, Random(seed), institutional=False)


def institutional(claims: int, seed: int = 417) -> bytes:
    """An 837I."""
    return _claims(claims, Random(seed), institutional=True)


def _claims(claims: int, order: Random, *, institutional: bool) -> bytes:
    guide = "005010X223A2" if institutional else "005010X222A1"
    inner = [
        "BHT*0019*00*B417*20260301*1015*CH", "NM1*41*2*QUILL BILLING*****46*CLEARING", "PER*IC*DESK*TE*5555550147",
        f"NM1*40*2*{_PLAN}*****46*NORTHSHORE", "HL*1**20*1", f"NM1*85*2*NORTHSHORE CLINIC*****XX*{_NPI}",
        "N3*12 HARBOUR ROW", "N4*PORT ELLERY*MN*559990001", "REF*EI*900550120",
    ]  # fmt: skip
    level = 1
    for number in range(claims):
        level += 1
        apart = order.random() < 0.15
        inner += [f"HL*{level}*1*22*{int(apart)}", *_subscriber(order, apart)]
        if apart:
            level += 1
            inner += [f"HL*{level}*{level - 1}*23*0", "PAT*19", f"NM1*QC*1*{_name(order)}", *_place(order)]
            inner.append(f"DMG*D8*{_day(order, 2015)}*{order.choice('FM')}")
        inner += _hospital_claim(order, number) if institutional else _office_claim(order, number)
    return _enclosed(inner, "837", guide, "HC")


def _subscriber(order: Random, apart: bool) -> Iterator[str]:
    yield f"SBR*P*{'' if apart else '18'}*G{order.randint(100, 999)}******{order.choice(('CI', 'BL', 'MB'))}"
    yield f"NM1*IL*1*{_person(order)}MI*NS{order.randrange(10**7):07}"
    if not apart:
        yield from _place(order)
        yield f"DMG*D8*{_day(order, order.randint(1930, 2020))}*{order.choice('FM')}"
    yield f"NM1*PR*2*{_PLAN}*****PI*NHP{order.randint(1, 20):02}"


def _office_claim(order: Random, number: int) -> list[str]:
    day, charges = _day(order), [order.randint(2000, 50000) for _ in range(order.choice((1, 1, 2, 3, 4)))]
    lines = [f"CLM*C{number:07}*{money(sum(charges))}***{order.choice(('11', '22'))}:B:1*Y*A*Y*Y"]
    lines += _some(order, (0.1, f"DTP*431*D8*{day}"), (0.1, f"AMT*F5*{order.randint(5, 50)}"))
    lines += _some(order, (0.2, f"REF*G1*AUTH{number}"), (0.4, f"REF*D9*{number:09}"), (0.1, f"REF*EA*M{number}"))
    kinds = ["ABK", "ABF", "ABF"][: order.randint(1, 3)]
    lines.append(
        "HI*" + "*".join(f"{kind}:{code}" for kind, code in zip(kinds, order.sample(_REASONS, 3), strict=False))
    )
    if order.random() < 0.3:
        lines.append(f"NM1*DN*1*{_person(order)}XX*{npi(order.randrange(60))}")
    if order.random() < 0.6:
        lines.append(f"NM1*82*1*{_person(order)}XX*{npi(order.randrange(60))}")
        lines += _some(order, (0.7, "PRV*PE*PXC*207X00000X"))
    for at, charge in enumerate(charges, 1):
        modifier = order.choice(("", "", ":25", ":RT"))
        lines += [f"LX*{at}", f"SV1*HC:{order.choice(_CODES)}{modifier}*{money(charge)}*UN*{order.randint(1, 4)}***1"]
        lines.append(f"DTP*472*D8*{day}" if order.random() < 0.95 else "DTP*472*RD8*20260202-20260203")
        lines += _some(order, (0.8, f"REF*6R*L{number}A{at}"), (0.05, "NTE*ADD*AS ORDERED"))
    return lines


def _hospital_claim(order: Random, number: int) -> list[str]:
    month, day = order.randint(1, 12), order.randint(1, 20)
    first, last = f"2026{month:02}{day:02}", f"2026{month:02}{day + order.randint(0, 8):02}"
    charges = [order.randint(2000, 900000) for _ in range(order.choice((2, 3, 4, 6)))]
    lines = [f"CLM*C{number:07}*{money(sum(charges))}***11:A:1**A*Y*Y"]
    lines += _some(order, (0.5, "DTP*096*TM*1130"))
    lines += [f"DTP*434*RD8*{first}-{last}", f"DTP*435*DT*{first}0815", f"CL1*{order.randint(1, 3)}*1*01"]
    lines += _some(order, (0.3, f"REF*G1*AUTH{number}"), (0.4, f"REF*D9*{number:09}"), (0.5, f"REF*EA*M{number}"))
    reasons = order.sample(_REASONS, 4)
    lines.append(f"HI*ABK:{reasons[0]}")
    lines += _some(order, (0.4, f"HI*ABJ:{reasons[1]}"), (0.2, "HI*DR:470"))
    lines += _some(order, (0.6, f"HI*ABF:{reasons[2]}*ABF:{reasons[3]}"), (0.4, f"HI*BBR:0SR90J9:D8:{first}"))
    lines += _some(order, (0.3, f"HI*BH:11:D8:{first}"), (0.3, "HI*BE:A1:::125.5"), (0.2, "HI*BG:09"))
    lines.append(f"NM1*71*1*{_person(order)}XX*{npi(order.randrange(60))}")
    lines += _some(order, (0.3, f"NM1*72*1*{_person(order)}XX*{npi(order.randrange(60))}"))
    for at, charge in enumerate(charges, 1):
        code = f"HC:{order.choice(_CODES)}" if order.random() < 0.7 else ""
        lines += [f"LX*{at}", f"SV2*{order.choice(_REVENUE)}*{code}*{money(charge)}*UN*{order.randint(1, 9)}"]
        lines += _some(order, (0.7, f"DTP*472*D8*{first}"))
    return lines
