"""Sets written from canonical events: `to_270`, `to_276`, `to_278`, `to_834`, `to_837`, `to_850`.

    data = to_270(event, Envelope(sender="EXAMPLEHOSP", receiver="EXAMPLEPAYER", control=101, time=now))

What comes out validates against the guide, and reads back as the event that it was written from. A value that the guide
needs and the event lacks is a MappingError that names its place in the event; one that the guide does not take a
FormatError that names its place in the set.
"""

from careloom.mapping.x12.sending.authorization import to_278
from careloom.mapping.x12.sending.claim import to_837
from careloom.mapping.x12.sending.eligibility import to_270
from careloom.mapping.x12.sending.enrollment import to_834
from careloom.mapping.x12.sending.envelope import Envelope
from careloom.mapping.x12.sending.order import to_850
from careloom.mapping.x12.sending.status import to_276

__all__ = ["Envelope", "to_270", "to_276", "to_278", "to_834", "to_837", "to_850"]
