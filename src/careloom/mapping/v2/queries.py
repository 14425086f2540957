"""Messages that are read and, on purpose, become nothing: questions and their answers, clinical records, requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.v2.about import DEFAULTS, trigger

_QUESTION: Final = "questions are answered by the system that is asked, not by the log"
_ANSWER: Final = "the answer to a question goes to whoever asked; it reports nothing new"
_REQUEST: Final = "a request changes nothing until it is granted; the answer or a notification tells"
_CLINICAL: Final = "it carries clinical content, which never goes to Odoo"
_PHARMACY: Final = "the answer to a pharmacy's message; the order or the dispense itself tells"
_DEVICE: Final = "devices and automation are the laboratory's own"


def _because(reason: str, codes: str) -> dict[str, str]:
    return dict.fromkeys(codes.split(), reason)


FILTERED: Final[Mapping[str, str]] = {
    **_because(_QUESTION, "QBP QRY QCN QSB QSX QVR QCK EQQ SPQ VQQ RQQ OSQ SQM VXQ"),
    **_because(
        _ANSWER, "RSP RTB RDY DSR DSU EDR TBR ERP OSR SQR VXR VXX ADR RAR RDR RER RGR ROR ORF UDM RCL RPA RPI RPL"
    ),
    **_because(_ANSWER, "RPR RCI"),
    **_because(_REQUEST, "SRM RQA RQC RQI RQP"),
    **_because(_PHARMACY, "RRE RRD RRG RRA RRI"),
    **_because(_CLINICAL, "PGL PPR PPG PPP PPT PPV PRR PTR PEX PIN SUR CCM CCF CCI CCR CCU CCQ CQU"),
    **_because("diets are not billed by their order", "OMD ORD"),
    **_because("an instruction to give a drug is not a drug given; RAS tells of that", "RGV"),
    **_because(_DEVICE, "EAC EAN EAR ESR ESU INR INU LSR LSU SSR SSU TCR TCU SCN SDN SDR SLN SLR SLS SMD SMS STI STS"),
    **_because("studies are not billed by Odoo", "CRM CSU"),
    **_because("it answers for a master file; the file itself told what changed", "MFK MFQ MFR MFD"),
    **_because("it runs the network between applications, no business", "NMD NMQ NMR"),
    **_because("blood products are the blood bank's own; their cost comes as a charge", "BPS BRP BRT BTS"),
    **_because("who works where comes from HR", "PMU"),
    **_because("claims go by X12 here", "EHC"),
}

DROPPED: Final[Mapping[str, str]] = {"MSH": "the whole message stays behind; its reason says why"}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:  # noqa: ARG001
    """Always filtered, with the reason."""
    code = message.type.code
    return Translation(filtered=f"{trigger(message)} is not read: {FILTERED.get(code, 'nothing is known of it')}")


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", tuple(FILTERED), translate),)
