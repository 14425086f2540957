"""The how-to for a new kind of system, followed as a reader would."""

from __future__ import annotations

from tests.docs.blocks import blocks
from tests.docs.markdown import ROOT
from tests.docs.test_tutorial import Reader, folder, reader

__all__ = ["folder", "reader"]

PAGE = ROOT / "docs" / "how-to" / "add-a-system.md"


async def test_a_new_kind_is_made_tested_and_used_as_the_page_says(reader: Reader) -> None:
    for block in blocks(PAGE):
        await reader.follow(block)

    assert sum("careloom" in text for text in reader.ran) >= 3
    assert any("pytest" in text for text in reader.ran)
