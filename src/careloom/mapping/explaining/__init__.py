"""Where each value of an event came from, and what became of each value of a message.

Nothing is told by the mapping: it is found out. Each value of the message is taken out, then put another in its place,
and the message is translated again: whatever is different in the events came from that value. So the answer is right
for every mapping, also for one that a project wrote yesterday.
"""

from careloom.mapping.explaining.coverage import Coverage, Fate, coverage
from careloom.mapping.explaining.leaves import Leaf, leaves
from careloom.mapping.explaining.probing import Explanation, Origin, explain

__all__ = ["Coverage", "Explanation", "Fate", "Leaf", "Origin", "coverage", "explain", "leaves"]
