"""Sets written from canonical events: `to_270`, `to_276`, `to_278`, `to_810`, `to_820`, `to_834`, `to_837`, `to_846`,
`to_850`, `to_855`, `to_856`; and `to_x12`, which chooses by the type of the event from the table `WRITERS`.

    data = to_270(event, Envelope(sender="EXAMPLEHOSP", receiver="EXAMPLEPAYER", control=101, time=now))

What comes out validates against the guide, and reads back as the event that it was written from. A value that the guide
needs and the event lacks is a MappingError that names its place in the event; one that the guide does not take a
FormatError that names its place in the set.
"""

from careloom.mapping.x12.sending.answer import to_855
from careloom.mapping.x12.sending.authorization import to_278
from careloom.mapping.x12.sending.claim import to_837
from careloom.mapping.x12.sending.eligibility import to_270
from careloom.mapping.x12.sending.enrollment import to_834
from careloom.mapping.x12.sending.envelope import Envelope
from careloom.mapping.x12.sending.inventory import to_846
from careloom.mapping.x12.sending.invoice import to_810
from careloom.mapping.x12.sending.order import to_850
from careloom.mapping.x12.sending.payment import to_820
from careloom.mapping.x12.sending.shipment import to_856
from careloom.mapping.x12.sending.status import to_276
from careloom.mapping.x12.sending.writers import WRITERS, to_x12

__all__ = [
    "WRITERS",
    "Envelope",
    "to_270",
    "to_276",
    "to_278",
    "to_810",
    "to_820",
    "to_834",
    "to_837",
    "to_846",
    "to_850",
    "to_855",
    "to_856",
    "to_x12",
]
