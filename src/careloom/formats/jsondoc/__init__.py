"""JSON by contract: documents and JSON lines, checked against JSON Schema.

contract = Contract.load(path.read_bytes())
for finding in contract.check(body): ...     # place is a JSON Pointer
"""

from careloom.formats.jsondoc.contract import Contract
from careloom.formats.jsondoc.pointers import pointer, values_at
from careloom.formats.jsondoc.reading import Bounds, Json, JsonLine, read, read_lines, write

__all__ = ["Bounds", "Contract", "Json", "JsonLine", "pointer", "read", "read_lines", "values_at", "write"]
