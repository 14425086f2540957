"""Canonical events as FHIR R4: a transaction Bundle that may be sent again and again with one effect.

    bundle = to_fhir(event)       # None: the event has no form in FHIR

What an event is about is written by a conditional update on its number; a patient that it only names is created where
there is none, and else left alone. People, houses and places that are only named are contained.
"""

from careloom.mapping.fhir.writing.catalogue import WRITERS, to_fhir

__all__ = ["WRITERS", "to_fhir"]
