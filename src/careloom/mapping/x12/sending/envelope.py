"""Around the sets: who sends to whom, and under which numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from careloom.formats.x12 import BuiltSet, Delimiters, Parties, write
from careloom.model import Organization


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One interchange. `control` is ISA13, 1 to 999999999; `group_control` GS06 and `set_control` ST02 follow it
    unless given. `time` is written as it is.

    `company` is TRN03, who gave the trace numbers: ten characters. `submitter` and `destination` are who hands in
    claims (NM1 41, with whom to call) and who takes them (NM1 40); the provider and the payer where left out.
    """

    sender: str
    receiver: str
    control: int
    time: datetime
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"
    application_sender: str = ""
    application_receiver: str = ""
    group_control: int | None = None
    set_control: int = 1
    usage: Literal["P", "T"] = "P"
    acknowledge: bool = False
    company: str = ""
    submitter: Organization | None = None
    destination: Organization | None = None
    delimiters: Delimiters | None = None


def written(sets: Sequence[BuiltSet], envelope: Envelope) -> bytes:
    """The interchange. FormatError, located, for a value with a delimiter in it."""
    parties = Parties(
        sender=envelope.sender,
        receiver=envelope.receiver,
        sender_qualifier=envelope.sender_qualifier,
        receiver_qualifier=envelope.receiver_qualifier,
        application_sender=envelope.application_sender,
        application_receiver=envelope.application_receiver,
    )
    return write(
        sets,
        parties,
        time=envelope.time,
        control=envelope.control,
        group_control=envelope.group_control,
        set_control=envelope.set_control,
        usage=envelope.usage,
        acknowledge=envelope.acknowledge,
        delimiters=envelope.delimiters,
    )
