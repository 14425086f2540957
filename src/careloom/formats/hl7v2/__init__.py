"""HL7 v2.1 to v2.8: read lazily, written back to the byte, acknowledged in the sender's own dialect.

    message = hl7v2.parse(data)                     # splits lines only; FormatError with its place otherwise
    message.get("PID-3[2].4.1")                     # decoded, unescaped text; "" when absent or the HL7 null
    for segment in message.segments("OBX"):
        segment[5].repetitions[0][1]
    message.encode() == data                        # until something is set; then only that segment is rebuilt

    header = hl7v2.peek(data)                       # a listener's look at MSH alone
    code = hl7v2.wanted_acknowledgements(header).code(Verdict.ACCEPT)
    hl7v2.acknowledge(header, code, time=now, control_id=ours)

    for piece in hl7v2.split(payload): ...          # batches, several messages, frames left in, junk: all located

    seen = hl7v2.view(message)                      # by the structure of its version, fields by name
    for order in seen.groups("ORDER_OBSERVATION"):  # groups at any depth; None or empty where absent
        order.segment("OBR").filler_order_number.entity.id
        for result in order.groups("OBSERVATION"):
            obx = result.segment("OBX")
            obx.observation_identifier.coded.code   # structs: coded, identifier, person, address, location ...
            obx.observation_value.number            # Decimal or None; .text .time .date .flag; .typed goes by OBX-2
            obx.observation_identifier["text"]      # a part by name or number; iterate a value for its repetitions
    seen.strays                                     # Z and misplaced segments: they stay in the group they came in

    hl7v2.validate(message, strict=True)            # findings with places; `profile=` adds an interface's own rules
    hl7v2.acknowledge(header, "AE", time=now, control_id=ours, error=hl7v2.faults_of(findings))

    order = hl7v2.build("ORM^O01", time=now, control_id=ours, sender=("HUB", "NORTH"), receiver=("LAB", "NORTH"))
    order.add("ORC", order_control="NW", placer_order_number=("ORD1", "HUB"))
    order.add("OBR", set_id=1, service=Coded("2345-7", "Glucose", "LN")).message().encode()

Paths are `SEG[n]-F[r].C.S`, n and r from 1. MSH-1 is the field separator, MSH-2 the encoding characters. Null (`""`)
reads as empty text; ask `is_null` where a sender's wish to delete matters. Errors name places, never values.
"""

from careloom.formats.hl7v2.acknowledgement import (
    ERROR_CODES,
    Fault,
    Verdict,
    Wanted,
    acknowledge,
    faults_of,
    wanted_acknowledgements,
)
from careloom.formats.hl7v2.batch import Batch, Piece, split
from careloom.formats.hl7v2.building import Builder, build, create
from careloom.formats.hl7v2.dates import HL7Time, Precision, format_time, parse_time
from careloom.formats.hl7v2.escapes import escape, unescape
from careloom.formats.hl7v2.fields import Fields, Present, Value
from careloom.formats.hl7v2.grouping import Group, Stray, View, view
from careloom.formats.hl7v2.header import Header, field_of, peek
from careloom.formats.hl7v2.message import Message, MessageType, parse
from careloom.formats.hl7v2.paths import Path, compile_path
from careloom.formats.hl7v2.profiles import Profile
from careloom.formats.hl7v2.segment import NULL, Field, Repetition, Segment
from careloom.formats.hl7v2.separators import Separators
from careloom.formats.hl7v2.types import (
    Address,
    Authority,
    Coded,
    Encapsulated,
    Entity,
    Identifier,
    Location,
    Organization,
    Person,
    PersonName,
    StructuredNumber,
    Telecom,
)
from careloom.formats.hl7v2.validation import validate, validated
from careloom.formats.hl7v2.writing import Content

__all__ = [
    "ERROR_CODES",
    "NULL",
    "Address",
    "Authority",
    "Batch",
    "Builder",
    "Coded",
    "Content",
    "Encapsulated",
    "Entity",
    "Fault",
    "Field",
    "Fields",
    "Group",
    "HL7Time",
    "Header",
    "Identifier",
    "Location",
    "Message",
    "MessageType",
    "Organization",
    "Path",
    "Person",
    "PersonName",
    "Piece",
    "Precision",
    "Present",
    "Profile",
    "Repetition",
    "Segment",
    "Separators",
    "Stray",
    "StructuredNumber",
    "Telecom",
    "Value",
    "Verdict",
    "View",
    "Wanted",
    "acknowledge",
    "build",
    "compile_path",
    "create",
    "escape",
    "faults_of",
    "field_of",
    "format_time",
    "parse",
    "parse_time",
    "peek",
    "split",
    "unescape",
    "validate",
    "validated",
    "view",
    "wanted_acknowledgements",
]
