"""Every HL7 v2 file of the public corpora: taken to the byte, or refused at a place."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from careloom.core.errors import FormatError
from careloom.formats import hl7v2
from careloom.formats.hl7v2 import inspecting

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared"
CORPUS = SHARED / "corpora" / "open" / "hl7v2"
# Doubled or missing encoding characters (5), lines broken or named wrongly (3): made so on purpose, or by an editor.
MOST_REFUSED = 8


def read_back(piece: hl7v2.Piece) -> str:
    if piece.error:
        assert piece.error.location
        return "finding"
    try:
        read = hl7v2.parse(piece.data)
    except FormatError as error:
        assert error.location
        return "refused"
    for segment in read.segments():
        assert all(segment[number].text is not None for number in range(1, len(segment) + 1))
        segment.changed = True
    assert read.encode() == piece.data
    return "read"


@pytest.mark.corpora
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not beside the project")
def test_every_file_is_read_to_the_byte_or_refused_at_a_place() -> None:
    counts: Counter[str] = Counter()
    for path in files():
        counts.update(read_back(piece) for piece in hl7v2.split(path.read_bytes()))
    print(f"{len(files())} files: {dict(counts)}")
    assert counts["read"] > 500
    assert counts["refused"] <= MOST_REFUSED


# Made to test what happens to them: a message without its body, one with the text "<Base64 encoded>" for a document.
MOST_WITHOUT_BODY = 22
LONGEST = 1.0


def files() -> list[Path]:
    return [path for path in sorted(CORPUS.rglob("*")) if path.suffix.lower() in {".hl7", ".txt"} and path.is_file()]


@pytest.mark.corpora
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not beside the project")
def test_every_file_is_inspected_quickly_and_errors_are_those_no_reader_can_mend() -> None:
    codes: Counter[str] = Counter()
    for path in files():
        data = path.read_bytes()
        started = time.process_time()
        seen = inspecting.inspect(data, paths=("PID-3.1", "OBX-5"))
        assert time.process_time() - started < LONGEST, path.name
        assert seen.identical is not False, path.name
        assert inspecting.recognises(data, path.name) or not data.startswith(b"MSH")
        assert all(one.place and one.text for one in seen.findings), path.name
        codes.update({one.code for one in seen.findings if one.severity == "error"})
    print(dict(codes))
    assert codes["unreadable"] <= MOST_REFUSED
    assert codes["body-missing"] <= MOST_WITHOUT_BODY
    assert set(codes) <= {
        "unreadable", "body-missing", "content-invalid", "type-missing", "version-unknown", "message-missing",
        "batch-broken",
    }  # fmt: skip


@pytest.mark.corpora
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not beside the project")
def test_every_message_is_viewed_with_no_segment_lost() -> None:
    strays: Counter[str] = Counter()
    total = 0
    for path in files():
        for piece in hl7v2.split(path.read_bytes()):
            try:
                message = hl7v2.parse(piece.data)
            except FormatError:
                continue
            seen = hl7v2.view(message)
            names = Counter(one.name for one in message.segments())
            assert all(sum(1 for _ in seen.every(name)) == count for name, count in names.items()), path.name
            strays.update(stray.reason for stray in seen.strays)
            total += sum(names.values())
    print(f"{total} segments, out of place: {dict(strays)}")
    assert strays["misplaced"] + strays["unknown"] < total / 150
