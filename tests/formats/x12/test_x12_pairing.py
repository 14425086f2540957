"""Questions and answers find each other by key."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from x12_files import changed, sample

from careloom.core.errors import FormatError
from careloom.formats import x12


def turned(data: bytes) -> bytes:
    """An answer as the other side sends it: sender and receiver swapped."""
    return changed(data, ("*QUILL*NORTH*", "*NORTH*QUILL*"))


def piece(name: str) -> x12.Piece:
    return next(x12.pieces(sample(name)))


def kinds(name: str) -> list[str]:
    return [one.kind for one in x12.expects(piece(name))]


def test_what_is_waited_for() -> None:
    assert kinds("270_dependent") == ["271", "999"] and kinds("276_subscriber") == ["277", "999"]
    assert kinds("278_request") == ["278", "999"] and kinds("278_response") == ["999"]
    assert kinds("837p_patient") == ["277CA", "835", "835", "835", "999"]
    assert kinds("850_gloves") == ["855", "856", "810", "999"]
    assert kinds("999_rejected") == [] and kinds("ta1_accepted") == [] and kinds("835_balanced") == ["999"]
    assert {one.kind: one.within for one in x12.expects(piece("837p_patient"))}["835"] > timedelta(days=30)


@pytest.mark.parametrize(
    ("question", "answer", "kind"),
    [("270_dependent", "271_subscriber", "271"), ("276_subscriber", "277_subscriber", "277"),
     ("278_request", "278_response", "278"), ("837p_patient", "277ca", "277CA"), ("837p_patient", "835_balanced",
      "835"),
     ("850_gloves", "855_accepted", "855"), ("850_gloves", "856_shipment", "856"), ("850_gloves", "810_invoice",
      "810")],
)  # fmt: skip
def test_answers_find_their_question(question: str, answer: str, kind: str) -> None:
    waiting = {one.key for one in x12.expects(piece(question)) if one.kind == kind}
    found = x12.answers(next(x12.pieces(turned(sample(answer)))))
    assert waiting & set(found)


def test_the_wrong_direction_and_other_partners_do_not_match() -> None:
    waiting = {one.key for one in x12.expects(piece("276_subscriber"))}
    assert not waiting & set(x12.answers(piece("277_subscriber")))
    assert not waiting & set(x12.answers(next(x12.pieces(changed(sample("277_subscriber"), ("*QUILL*", "*OTHER*"))))))


def test_acknowledgements_find_group_and_interchange() -> None:
    asking = changed(sample("837p_patient"), ("*000000417*0*T*", "*000000417*1*T*"))
    waiting = {one.kind: one.key for one in x12.expects(next(x12.pieces(asking)))}
    assessment = x12.validate(asking)
    now = datetime(2026, 3, 1, 10, 20)
    [reply] = x12.acknowledge(assessment, time=now, control=1)
    assert x12.answers(next(x12.pieces(reply.data))) == (waiting["999"],)
    [reply] = x12.acknowledge_interchange(assessment, time=now, control=1)
    assert x12.answers(next(x12.pieces(reply.data))) == (waiting["TA1"],)
    assert x12.answers(x12.parse(reply.data)[0]) == (waiting["TA1"],)


def test_pieces_in_error_answer_nothing() -> None:
    broken = next(one for one in x12.pieces(b"junk") if one.error)
    with pytest.raises(FormatError):
        x12.answers(broken)
