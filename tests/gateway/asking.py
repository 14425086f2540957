"""Look-ups for tests: the standard shapes, with systems that answer at once or when told."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import BaseModel

from careloom.gateway.lookup import Found, Lookup, LookupResult, NotFound
from careloom.gateway.lookup_shapes import SHAPES, STOCK, Shape

REASON = "somebody stands at the counter and waits for it"


class Behind:
    """A system behind a look-up. It counts what it is asked and answers with the shape's example, or as told."""

    def __init__(self, shape: Shape = STOCK) -> None:
        self.shape = shape
        self.asked: list[BaseModel] = []
        self.answer: LookupResult | Exception = Found(shape.example_answer, frozenset({"erp"}))
        self._free = asyncio.Event()
        self._free.set()
        self._came = asyncio.Event()

    async def __call__(self, asked: BaseModel, budget: float) -> LookupResult:
        self.asked.append(asked)
        self._came.set()
        await self._free.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def hold(self) -> None:
        """Answer nothing until `release`."""
        self._free.clear()

    def release(self) -> None:
        self._free.set()

    async def until(self, count: int) -> None:
        """Wait until so many questions have come."""
        while len(self.asked) < count:
            self._came.clear()
            await self._came.wait()

    def lookup(self, **bounds: Any) -> Lookup:
        fields = {"owner": "front-desk", "systems": ("erp",), "reason": REASON}
        return self.shape.lookup(self, **fields | bounds)


async def _nothing(asked: BaseModel, budget: float) -> LookupResult:
    return NotFound()


STANDARD = [shape.lookup(_nothing, owner="front-desk", systems=("erp",), reason=REASON) for shape in SHAPES]
