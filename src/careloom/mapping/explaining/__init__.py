"""Where each value of an event came from, and what became of each value of a message.

Nothing is told by the mapping: it is found out. Another value is put into each place of the message, or the value is
taken out, and the message is translated again: whatever is different in the events came from that value. So the answer
is right for every mapping, also for one that a project wrote yesterday.
"""

from careloom.mapping.explaining.coverage import Coverage, Fate, Reasons, coverage, reasons_of
from careloom.mapping.explaining.leaves import Leaf, leaves
from careloom.mapping.explaining.probing import Explanation, Origin, explain

__all__ = [
    "Coverage",
    "Explanation",
    "Fate",
    "Leaf",
    "Origin",
    "Reasons",
    "coverage",
    "explain",
    "leaves",
    "reasons_of",
]
