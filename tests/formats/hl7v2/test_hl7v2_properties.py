"""Whatever the content: what is written reads back, and what is broken is refused by name and place only."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats import hl7v2

NOW = datetime(2026, 3, 1, 10, 15, tzinfo=UTC)
SEPARATORS = st.sampled_from(
    [
        hl7v2.Separators(),
        hl7v2.Separators(truncation="#"),
        hl7v2.Separators("#", "!", "@", "%", "*"),
        hl7v2.Separators("$", ".", "(", ")", "?", "-"),
    ]
)
TEXT = st.text(
    st.one_of(st.sampled_from("|^~\\&#!@%*$.()?-\r\n\x0b\x1cEFSTRXCMZH0A"), st.characters(exclude_categories=["Cs"])),
    max_size=20,
)
VALUES = st.dictionaries(
    st.tuples(
        st.sampled_from(["PID", "OBX", "ZA1"]),
        st.integers(1, 30),
        st.integers(1, 3),
        st.integers(1, 4),
        st.integers(1, 3),
    ),
    TEXT.filter(lambda text: text not in ("", hl7v2.NULL)),
    max_size=8,
)

SAMPLES = [
    b"MSH|^~\\&|WARD|NORTH|HUB|CARE|20260301||ADT^A04^ADT_A01|N1|P|2.5.1|||AL|NE||UNICODE UTF-8\r"
    b"PID|1||A1^^^NORTH&2.999&ISO^MR~B2||Quill\\T\\Co^Tamsin||19840217|F\rNTE|1||a\\.br\\b\\X0D\\\\Z99\\\\M2442\\;3\\C2842\\\r",
    b'\x0bMSH|^~\\&#|LAB|NORTH|HUB|CARE|20260301||ORU^R01|N2|P|2.3\nOBR|1\nOBX|1|TX|||""\n\x1c\r',
    b"FHS|^~\\&|A\rBHS|^~\\&|B\rMSH|^~\\&|A|B|C|D|||ADT^A08|N3|P|2.4\rPID|1\rBTS|1\rFTS|1\r",
    "\ufeffMSH|^~\\&|A|B|C|D|||ADT^A08|N4|P|2.4\rPID|1||Łódź\r".encode("utf-16-le"),
    "MSH|^~\\&|A|B|C|D|||ADT^A08|N5|P|2.4||||||~ISO IR87\rPID|1||||山田^太郎\r".encode("iso2022_jp_ext"),
    "MSH|^~\\&|許功蓋|B|C|D|||ADT^A08|N6|P|2.4||||||BIG-5\rPID|1||||許功蓋^X\r".encode("cp950"),
]
EDGES = [
    b"|",
    b"^",
    b"~",
    b"\\",
    b"&",
    b"\r",
    b"\n",
    b"\x0b",
    b"\x1c",
    b"\x1b",
    b"\x00",
    b"\xff",
    b"MSH",
    b"BHS|",
    b"FTS|9",
    b"\\X",
    b"|" * 50,
]
CANARY = "Kestrelmoor"


@given(TEXT, SEPARATORS)
def test_escaped_text_reads_back(text: str, separators: hl7v2.Separators) -> None:
    written = hl7v2.escape(text, separators)
    assert hl7v2.unescape(written, separators) == text
    assert not set(written) & {"\r", "\n", separators.field, separators.component, separators.repetition}


@settings(max_examples=60, deadline=None)
@given(VALUES, SEPARATORS, st.sampled_from(["", "UNICODE UTF-8", "GB 18030-2000"]))
def test_a_built_message_reads_back(
    values: dict[tuple[str, int, int, int, int], str], separators: hl7v2.Separators, charset: str
) -> None:
    made = hl7v2.create(separators, charset)
    paths = {f"{name}-{f}[{r}].{c}.{s}": text for (name, f, r, c, s), text in values.items()}
    for path, text in paths.items():
        made.set(path, text)
    data = made.encode()
    again = hl7v2.parse(data)
    assert again.encode() == data
    assert {path: again.get(path) for path in paths} == paths == {path: made.get(path) for path in paths}


@given(st.lists(st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=30), max_size=6))
def test_any_fields_write_back_to_the_byte(fields: list[str]) -> None:
    data = ("MSH|^~\\&|A\r" + "".join(f"ZZ1|{field}\n" for field in fields)).encode("iso8859-1")
    read = hl7v2.parse(data)
    assert read.encode() == data
    for segment in read.segments():
        segment.changed = True
    assert read.encode() == data


def mutated(chance: random.Random) -> bytes:
    data = bytearray(chance.choice(SAMPLES))
    for _ in range(chance.randint(1, 6)):
        place, end = sorted(chance.choices(range(len(data) + 1), k=2))
        match chance.randrange(5):
            case 0:
                del data[place : min(end, place + 40)]
            case 1:
                data[place:place] = chance.choice(EDGES)
            case 2:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case 3:
                data[place:place] = data[place : place + 30]
            case 4:
                del data[end:]
    return bytes(data)


def everything(data: bytes) -> None:
    for piece in hl7v2.split(data):
        refused_or_done(lambda piece=piece: read_all(piece.data))
    refused_or_done(lambda: read_all(data))
    refused_or_done(lambda: answer(data))


def read_all(data: bytes) -> None:
    read = hl7v2.parse(data)
    assert read.encode() == data
    _ = read.type, read.version, read.control_id
    for segment in read.segments():
        for number in range(1, len(segment) + 1):
            _ = segment[number].text, [(one.text, one.sub(2, 2)) for one in segment[number].repetitions]
    read.set("ZZ9-3.2", "added")
    assert hl7v2.parse(read.encode()).get("ZZ9-3.2") == "added"


def answer(data: bytes) -> None:
    header = hl7v2.peek(data)
    fault = hl7v2.Fault(207, "refused", "PID-3")
    assert hl7v2.acknowledge(header, "AE", time=NOW, control_id="C1", error=fault)
    assert isinstance(hl7v2.field_of(data, header, "PID", 3), bytes)


def refused_or_done(work: Callable[[], None]) -> None:
    try:
        work()
    except FormatError as error:
        assert error.location, error


@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_broken_messages_are_read_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    slowest = 0.0
    for _ in range(100):
        data = mutated(chance)
        start = time.perf_counter()
        everything(data)
        slowest = max(slowest, time.perf_counter() - start)
    if slowest > 0.05:
        print(f"seed {seed}: the slowest mutation took {slowest * 1000:.0f} ms")


@pytest.mark.parametrize(
    "data",
    [
        f"MSH|^~\\&|{CANARY * 30}|B|C|D|||ADT^A04|N1\r",
        f"MSH|^~\\&|A|B|C|D|||ADT^A04|{CANARY * 30}\r",
        f"MSH|^~\\&|A|B|C|D|||ADT^A04|N1|P|2.5||||||{CANARY}\r",
        f"MSH|{CANARY}|A\r",
        f"MSH{CANARY}|A\r",
        f"MSH|^~\\&|A\rNTE|1||first\r{CANARY} wrapped\r",
        f"PID|1||{CANARY}\r",
        f"MSH|^~\\&|A|B|C|D|||ADT^A04|N1|P|2.5||||||UTF-8\rPID|{CANARY}\xff\r",
        f"FHS|^~\\&\rBHS|^~\\&\r{CANARY}\rMSH|^~\\&|{CANARY}\rBTS|{CANARY}\rFTS|{CANARY}\r",
    ],
)
def test_no_error_quotes_a_value(data: str) -> None:
    errors: list[FormatError] = []
    raw = data.encode("latin-1")
    for work in (hl7v2.peek, hl7v2.parse):
        try:
            work(raw)
        except FormatError as error:
            errors.append(error)
    errors += [piece.error for piece in hl7v2.split(raw) if piece.error]
    assert errors
    for error in errors:
        assert CANARY not in f"{error} {error.reason} {error.location} {error.__cause__!r} {error.__context__!r}"


def test_a_refused_value_is_not_quoted_either() -> None:
    made = hl7v2.create(charset="ASCII")
    with pytest.raises(FormatError) as caught:
        made.set("PID-5", CANARY + "ł")
    assert CANARY not in f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
    with pytest.raises(FormatError) as caught:
        hl7v2.parse_time(CANARY, "PID-7")
    assert CANARY not in str(caught.value)
