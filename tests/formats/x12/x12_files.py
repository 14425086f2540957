"""Small X12 files for the tests, made from their inner segments."""

from __future__ import annotations

from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "x12"
ISA = "ISA*00*          *00*          *ZZ*QUILLHOSP      *ZZ*NORTHPLAN      *260301*1015*^*00501*000000417*0*T*:"
NPI = "1999999992"


def sample(name: str) -> bytes:
    """A file of tests/samples/x12."""
    return (SAMPLES / f"{name}.edi").read_bytes()


def segments_of(text: str) -> list[str]:
    """The lines of an indented literal."""
    return [line.strip() for line in text.strip().splitlines()]


def enclose(body: str, set_id: str = "835", version: str = "005010X221A1", functional: str = "HP") -> bytes:
    """A whole file with one set around these segments, counts computed."""
    third = f"*{version}" if "X" in version and set_id != "835" else ""
    inside = [f"ST*{set_id}*0001{third}", *segments_of(body)]
    inside.append(f"SE*{len(inside) + 1}*0001")
    lines = [ISA, f"GS*{functional}*QUILL*NORTH*20260301*1015*417*X*{version}", *inside, "GE*1*417", "IEA*1*000000417"]
    return "".join(f"{line}~\n" for line in lines).encode()


def changed(data: bytes, *swaps: tuple[str, str]) -> bytes:
    """The file with parts replaced, each of which must be there, at its first place."""
    for old, new in swaps:
        assert old.encode() in data, old
        data = data.replace(old.encode(), new.encode(), 1)
    return data
