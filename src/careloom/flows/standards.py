"""Every message family of the standards that Careloom maps becomes canonical events, whatever flows consume them.

ADT is not here: registration, which owns those events, translates it.
"""

from __future__ import annotations

from typing import Any

from careloom.core.outcomes import Skip
from careloom.flows import Flow, Translated
from careloom.mapping.catalogue import Translate, mappings
from careloom.mapping.source import Settings

standards = Flow(
    "standards",
    owner="integration",
    business_owner="integration-lead",
    sla="1h",
    latency="real-time",
    bound="1m",
    recovery_time="4h",
    recovery_point="0s",
    pattern="event",
    system_of_record="each sender",
    runbook="flow-standards",
)

_ELSEWHERE = frozenset({("hl7v2", "ADT")})


def _translator(translate: Translate) -> Any:
    def translated(message: Any, sender: Settings) -> Translated:
        made = translate(message, sender)
        return Skip(made.filtered) if made.filtered else made.events

    return translated


for _mapping in mappings():
    _types = [type_ for type_ in _mapping.types if (_mapping.format, type_) not in _ELSEWHERE]
    if _types:
        standards.translates(_mapping.format, *_types)(_translator(_mapping.translate))
