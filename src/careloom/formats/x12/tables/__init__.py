"""The tables of X12: text files beside this module, and what they say as definitions.

`segments.txt` holds the elements of the 005010 standard; `sets.txt` lists the transaction sets, the usual guide of each
first; `<set>_<version>.txt` holds the loops of one. How they are written: `careloom.formats.x12.tables.reading`.
"""

from __future__ import annotations

from careloom.formats.x12.tables.catalogue import segment_definition, set_definition, sets

__all__ = ["segment_definition", "set_definition", "sets"]
