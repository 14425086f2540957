"""What stays behind of the segments that many families share, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_STATE: Final = "a number of the state is not needed for billing"
_ORIGIN: Final = "origin and belief are not needed for billing"
_KIN: Final = "kin and employers are not needed for billing"

PATIENT: Final[Mapping[str, str]] = {
    "PID-6": "the mother's maiden name is not needed for billing",
    "PID-9": "aliases are not needed for billing",
    "PID-10": _ORIGIN,
    "PID-12": "the county stands in the address",
    "PID-17": _ORIGIN,
    "PID-19": f"{_STATE}; `social_security` in a sender's settings carries it",
    "PID-20": _STATE,
    "PID-21": _KIN,
    "PID-22": _ORIGIN,
    "PID-23": _ORIGIN,
    "PID-24": "the order of multiple births is clinical",
    "PID-25": "as PID-24",
    "PID-26": _ORIGIN,
    "PID-27": "military service is not needed for billing",
    "PID-28": _ORIGIN,
    "PD1": "who usually treats the patient is not needed for billing",
    "NK1": _KIN,
    "ARV": "access rules are those of the sender",
    "ROL": "further people of the visit are not needed for billing",
    "PRT": "as ROL",
    "AL1": "allergies are clinical",
    "IAM": "allergies are clinical",
    "SFT": "the sender's software says nothing of the business",
    "UAC": "the sender's credentials are not ours to keep",
}
VISIT: Final[Mapping[str, str]] = {
    "PV1-4": "how a patient was admitted is not needed for billing here",
    "PV1-6": "the place before is not needed for billing",
    "PV1-9": "consulting doctors are not needed for billing",
    "PV1-14": "as PV1-4",
    "PV1-15": "ambulatory status is clinical",
    "PV1-16": "who is a VIP is not needed for billing",
    "PV2": "reasons and expectations of a stay are clinical or the sender's own",
    "DB1": "disability is clinical",
    "ACC": "accidents are told to the payer by the claim",
}
ORDER: Final[Mapping[str, str]] = {
    **PATIENT,
    **VISIT,
    "ORC-8": "what an order sprang from is the sender's own",
    "ORC-10": "who typed it is no part of the order",
    "ORC-11": "as ORC-10",
    "ORC-13": "where it was typed is no part of the order",
    "ORC-14": "as ORC-13",
    "ORC-16": "why it was changed may be clinical",
    "ORC-19": "as ORC-10",
    "OBR-13": "clinical information never leaves the message",
    "OBR-15": "specimens are clinical",
    "OBR-46": "supplementary codes are the laboratory's own",
    "NTE": "notes are free text and may hold anything",
    "OBX": "clinical values never leave the message",
    "SPM": "specimens are clinical",
    "SAC": "as SPM",
    "TQ2": "how orders depend on each other is the sender's own",
    "CTD": "contacts of an order are not needed for billing",
    "CTI": "clinical trials are not billed by this",
}
