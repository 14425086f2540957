"""What is fed with damaged HL7 v2: reading, splitting, inspecting, viewing, validating, answering."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from careloom.core.errors import ConfigurationError, FormatError
from careloom.formats import hl7v2
from careloom.formats.hl7v2 import Profile, inspecting

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "hl7v2"
NOW = datetime(2026, 4, 12, 9, 30, tzinfo=UTC)
PATHS = ("PID-3.1", "OBX-5", "MSH[2]-9", "OBX[2]-5[3].4.1")
PROFILE = Profile(
    name="fuzz",
    required=["PID-3.4.1", "NK1"],
    forbidden=["PID-19"],
    lengths={"PID-5.1": 4, "OBX-5": 10},
    tables={"PV1-2": ["I"], "PID-3.5": ["MR"]},
    types={"PID-3.1": "NM", "OBX-5": "CX", "ZPD-1": "DT"},
    cardinality={"OBX": (1, 2)},
)


def seeds() -> Sequence[bytes]:
    """A message of every family, a batch, frames, several messages, other separators and character sets."""
    samples = [path.read_bytes() for path in sorted(SAMPLES.glob("*.hl7"))]
    first, second = samples[0], samples[-1]
    return [
        *samples,
        b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + first + second + b"BTS|2\rFTS|1\r",
        b"\x0b" + first + b"\x1c\r\x0b" + second + b"\x1c\r",
        first.decode().encode("utf-16"),
        second.replace(b"|", b"*").replace(b"^", b"!"),
        b"MSH|^~\\&|A|B|C|D|2026||ORU^R01|1|P|2.3||||||8859/1\rPID|||1^^^\xe9&2~3\rOBR|\rOBX||NM|x||\\X0D\\\\.br\\\\C2842\\\r",
        b"MSH|^|A\rPID|1\r",
    ]


def read_every_part(data: bytes) -> None:
    """Each part of each segment, by number, by name and in types, and the message rebuilt."""
    message = hl7v2.parse(data)
    for segment in message.segments():
        for field in range(1, min(len(segment), 500) + 1):
            for repetition in segment[field].repetitions:
                _ = repetition.text, [repetition[part] for part in range(1, min(len(repetition), 40) + 1)]
        segment.changed = True
    assert message.encode() == data


def read_typed(data: bytes) -> None:
    """Each field in the type of its version; a value that is not that is refused at its place."""
    seen = hl7v2.view(hl7v2.parse(data))
    for name in {segment.name for segment in seen.message.segments()}:
        for fields in seen.every(name):
            for _, value in fields.present():
                _typed(value)


def _typed(value: hl7v2.Value) -> None:
    for one in value:
        _ = one.text, one.coded, one.identifier, one.person, one.location, one.organization
        try:
            _ = one.typed
        except FormatError:
            continue


def validated(data: bytes) -> None:
    """Both modes, a profile, and the acknowledgement of what was found."""
    message = hl7v2.parse(data)
    hl7v2.validate(message)
    findings = hl7v2.validate(message, strict=True, profile=PROFILE)
    header = hl7v2.peek(data)
    answer = hl7v2.acknowledge(header, "AE", time=NOW, control_id="1", error=hl7v2.faults_of(findings) or None)
    hl7v2.parse(answer)


def inspected(data: bytes) -> None:
    """A file of any shape; nothing is raised, and each finding has a place."""
    inspecting.recognises(data, "x.hl7")
    seen = inspecting.inspect(data, strict=True, paths=PATHS)
    assert seen.identical is not False
    assert all(one.place for one in seen.findings)


def profile_read(data: bytes) -> None:
    """A profile in TOML."""
    try:
        Profile.from_toml(data.decode("utf-8", "replace"))
    except ConfigurationError:
        return


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """Name, what may raise FormatError alone, and inputs to begin with."""
    found = seeds()
    return {
        "hl7v2.read": (read_every_part, found),
        "hl7v2.typed": (read_typed, found),
        "hl7v2.validate": (validated, found),
        "hl7v2.inspect": (inspected, found),
        "hl7v2.split": (hl7v2.split, found),
        "hl7v2.profile": (profile_read, [b'name = "x"\nrequired = ["PID-3"]\n[cardinality]\nNK1 = [0, 3]\n']),
    }
