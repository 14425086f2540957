"""`make screenshots`: a picture of every page of the console, with the demo's day in it, into docs/console/.

Everybody in the pictures is invented. It takes two or three minutes, most of which is the day. Names of pictures limit
it to these.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright
from tests.screenshots.day import evening
from tests.screenshots.finding import OUTSIDE, example, links, name_of, pictured
from tests.screenshots.png import MOST, REDUCE, encode

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "console"
WIDTH, HEIGHT, TALLEST = 1200, 800, 1300
LARGEST: Final = 120 * 1024
_CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
_FURTHER: Final = 60
"""Pages that are looked through for links at the most."""


async def main(names: Sequence[str]) -> None:
    """Play the day, then take the pictures."""
    chromium = next(path for name in _CHROMIUM if (path := shutil.which(name)))
    async with evening() as (node, token, seeds), async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-lcd-text"]
        )
        base = f"http://127.0.0.1:{node.ports['api']}/console"
        context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page = await context.new_page()
        await page.goto(base + OUTSIDE)
        await _take(page, name_of(OUTSIDE), names)
        await context.add_cookies([{"name": "careloom_session", "value": token, "url": base}])
        found = await _found(page, base, seeds)
        for path, where in found.items():
            await _open(page, base + where)
            await _take(page, name_of(path), names)
        await browser.close()
    missing = [path for path in pictured() if path not in found and path != OUTSIDE]
    if missing:
        sys.exit(f"no page was found for {', '.join(missing)}: let something lead there in the day")


async def _found(page: Page, base: str, seeds: Sequence[str]) -> Mapping[str, str]:
    """Where each page is: those without a name in their path, then what they lead to."""
    wanted = [one for one in pictured() if one != OUTSIDE]
    found = {one: one for one in wanted if "{" not in one}
    known = [*seeds]
    queue, looked = [*found.values()], 0
    while queue and looked < _FURTHER:
        await _open(page, base + queue.pop(0))
        looked += 1
        known += [one for one in links(await page.content()) if one not in known]
        for path in wanted:
            if path not in found and (where := example(path, known, wanted)) is not None:
                found[path] = where
                queue.append(where)
    return {path: found[path] for path in wanted if path in found}


async def _open(page: Page, url: str) -> None:
    """No picture is of a page that did not go."""
    answer = await page.goto(url)
    assert answer is not None and answer.status == 200, f"{url}: {answer and answer.status}"


async def _take(page: Page, name: str, names: Sequence[str]) -> None:
    if names and name not in names:
        return
    await page.wait_for_load_state("networkidle")
    tall = min(TALLEST, await page.evaluate("document.documentElement.scrollHeight"))
    # Not `full_page`, which draws all of a page that is as long as the runbook.
    await page.set_viewport_size({"width": WIDTH, "height": max(tall, 300)})
    shot = await page.screenshot(animations="disabled")
    await page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    drawing = await page.context.new_page()
    source = "data:image/png;base64," + base64.b64encode(shot).decode()
    made = await drawing.evaluate(REDUCE, {"source": source, "most": MOST})
    await drawing.close()
    colours = [(red, green, blue) for red, green, blue in made["palette"]]
    picture = encode(made["width"], made["height"], colours, base64.b64decode(made["pixels"]))
    assert len(picture) <= LARGEST, f"{name} has {len(picture)} octets"
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(picture)
    print(f"{name:<40} {made['width']}x{made['height']} {len(picture) / 1024:.0f} kB, of {len(shot) / 1024:.0f}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
