"""`careloom inspect` of X12 files that are open: the same as of their bytes, and in little memory."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest
from x12_files import sample

from careloom.formats import detection
from careloom.formats.x12 import inspecting
from careloom.formats.x12.interchange import is_kept

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "x12"
PATHS = ("ISA13", "GS06", "835:2100/CLP04", "2300[2]/CLM02", "REF[2]/02", "NM1[01=QC]/03")


class Counted(io.BytesIO):
    """A file that knows the most that was asked of it at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.most = max(self.most, len(found))
        return found


@pytest.mark.parametrize("file", sorted(SAMPLES.iterdir()), ids=lambda file: file.name)
def test_an_open_file_is_inspected_as_its_bytes_are(file: Path) -> None:
    with file.open("rb") as opened:
        assert inspecting.inspect(opened, paths=PATHS) == inspecting.inspect(file.read_bytes(), paths=PATHS)


def test_values_are_those_of_every_set_in_order() -> None:
    data = sample("835_balanced") + sample("837p_patient") + sample("ta1_accepted")
    found = inspecting.inspect(io.BytesIO(data), paths=["ISA13", "835:2100/CLP04", "837:2300/CLM01", "BPR02"])
    assert found.type == "835,837,TA1" and len(found.values["ISA13"]) == 2
    assert found.values["835:2100/CLP04"] == ("110.25", "120") and len(found.values["837:2300/CLM01"]) >= 1


@pytest.mark.parametrize("cut", [b"SE*", b"GE*", b"ST*"])
def test_a_file_that_is_cut_or_has_strays_still_gives_its_values(cut: bytes) -> None:
    data = b"~\n".join(segment for segment in sample("835_balanced").split(b"~\n") if not segment.startswith(cut))
    found = inspecting.inspect(io.BytesIO(data), paths=["BPR02"])
    assert found.identical is True and not found.valid
    assert found.values == {"BPR02": () if cut == b"ST*" else ("205.25",)}


@pytest.mark.parametrize("junk", [b"", b" \n", b"hello", b"ISA*00*"])
def test_what_is_no_x12_is_refused(junk: bytes) -> None:
    assert inspecting.inspect(io.BytesIO(junk)) == inspecting.inspect(junk)
    assert not inspecting.inspect(junk).valid and inspecting.inspect(junk).identical is None


def test_what_stands_between_interchanges_is_kept() -> None:
    data = b"\xef\xbb\xbf" + sample("835_balanced") + b"\r\n\r\n " + sample("ta1_accepted") + b"\n \n"
    assert is_kept(io.BytesIO(data))


def test_a_file_that_was_changed_while_it_was_read_is_not_the_same() -> None:
    class Changing(io.BytesIO):
        def seek(self, offset: int, whence: int = 0, /) -> int:
            if offset == 0 and whence == 0 and self.getvalue():
                self.getbuffer()[:] = self.getvalue().replace(b"C0000417", b"C0000999")
            return super().seek(offset, whence)

    assert not is_kept(Changing(sample("835_balanced")))


def test_a_large_file_is_inspected_in_little_memory() -> None:
    data = large(8_000_000)
    file = Counted(data)
    inspecting.inspect(sample("835_balanced"))
    tracemalloc.start()
    try:
        found = detection.inspect(file, "large.835")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.identical is True and found.counts["segments"] == data.count(b"~")
    assert peak < len(data) / 2 and file.most <= 1 << 18


def large(size: int) -> bytes:
    """One 835 of about that many bytes, its claims over and over: more than its payment says, but as well formed."""
    lines = sample("835_balanced").split(b"~\n")
    names = [line.partition(b"*")[0] for line in lines]
    start, end = names.index(b"CLP"), names.index(b"PLB")
    claims = lines[start:end]
    return b"~\n".join([*lines[:start], *claims * (size // sum(map(len, claims))), *lines[end:]])


def test_other_formats_are_given_all_of_their_bytes() -> None:
    patient = b'{"resourceType": "Patient", "id": "p1", "name": [{"family": "Quill"}]}'
    padded = patient[:-1] + b" " * 100_000 + b"}"
    for data in (patient, padded):
        assert detection.inspect(io.BytesIO(data), "p.json") == detection.inspect(data, "p.json")
    assert detection.inspect(io.BytesIO(b""), "empty").findings[0].text == "is empty"
