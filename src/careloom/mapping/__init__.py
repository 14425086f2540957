"""Between wire formats and the canonical model: one module a message family. Pure: no I/O, no clock.

translate(hl7v2.parse(data))      # Translation: events, or the reason for none; MappingError where a person must look
subject_of(data, header)          # the ordering key at intake, without parsing
translate_bytes(data, "a.hl7")    # what `careloom translate` shows of a file
"""

from careloom.mapping.adt import translate
from careloom.mapping.result import Translation
from careloom.mapping.source import Issue, Settings
from careloom.mapping.subject import subject_for, subject_of, subjects_of
from careloom.mapping.translation import flatten, translate_bytes

__all__ = [
    "Issue",
    "Settings",
    "Translation",
    "flatten",
    "subject_for",
    "subject_of",
    "subjects_of",
    "translate",
    "translate_bytes",
]
