"""835: to the cent, at each level, and while it streams."""

from __future__ import annotations

from io import BytesIO

import pytest
from x12_files import changed, sample

from careloom.formats import x12


def broken(*swaps: tuple[str, str]) -> list[tuple[str, str]]:
    found = x12.balance(changed(sample("835_balanced"), *swaps))
    return [(one.code, one.place.partition(",")[0]) for one in found]


def test_a_balanced_file_has_no_findings() -> None:
    assert x12.balance(BytesIO(sample("835_balanced"))) == []


@pytest.mark.parametrize(
    ("swaps", "findings"),
    [
        ([("CAS*CO*45*20~", "CAS*CO*45*20.01~")],
         [("line-out-of-balance", "2110[1]/SVC03"), ("claim-out-of-balance", "2100[1]/CLP04")]),
        ([("CAS*CO*45*50**253*1.5", "CAS*CO*45*50**253*1.49")], [("claim-out-of-balance", "2100[2]/CLP04")]),
        ([("BPR*I*205.25", "BPR*I*205.24")], [("payment-out-of-balance", "BPR02")]),
        ([("L6:T1*25~", "L6:T1*25.01~")], [("payment-out-of-balance", "BPR02")]),
        ([("L6:T1*25~", "L6:T1*20*WO:T2*5~")], []),
        ([("SVC*HC:73560*40*30**1", "SVC*HC:73560*41*31**1")], [("claim-amount-differs", "2100[1]/CLP03")]),
        ([("*40*30**1", "*40*3O**1")], [("amount-invalid", "2110[2]/SVC03")]),
        ([("*200*120*30*", "*200**30*")], [("claim-out-of-balance", "2100[2]/CLP04"), ("payment-out-of-balance",
         "BPR02")]),
        ([("CAS*PR*1*28.5~\n", "CAS*PR*1*8.5*1*2*20**3*0~\n")], []),
    ],
)  # fmt: skip
def test_each_break_is_placed(swaps: list[tuple[str, str]], findings: list[tuple[str, str]]) -> None:
    assert broken(*swaps) == findings


def test_reversals_have_negative_amounts() -> None:
    reversal = "CLP*C0000417*22*-150.5*-110.25**12*NHP000417*11*1~\nCAS*CO*45*-40.25~\nNM1*QC*1*VALE*IMOGEN~\n"
    assert broken(("PLB*", f"{reversal}PLB*"), ("BPR*I*205.25", "BPR*I*95")) == []


def test_many_cents_do_not_drift() -> None:
    claims = "".join(f"CLP*X{n}*1*0.10*0.10**12*N{n}~\nNM1*QC*1*VALE*IMOGEN~\n" for n in range(1_000))
    assert broken(("PLB*", f"{claims}PLB*"), ("BPR*I*205.25", "BPR*I*305.25")) == []


def test_a_slice_of_claims_does_not_judge_the_payment() -> None:
    for piece in x12.pieces(sample("835_balanced"), claims=1):
        assert x12.validate(piece.data, extent="claims", strict=True).findings == []


def test_several_sets_are_balanced_each_by_itself() -> None:
    good, bad = sample("835_balanced"), changed(sample("835_balanced"), ("BPR*I*205.25", "BPR*I*1"))
    assert [(one.interchange, one.code) for one in x12.balance(good + bad)] == [(2, "payment-out-of-balance")]
