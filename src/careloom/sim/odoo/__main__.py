"""`python -m careloom.sim.odoo --port 8069 --version 19.0`: a simulated Odoo to try things by hand."""

from __future__ import annotations

import argparse
import asyncio
import sys

from careloom.sim.odoo.server import SimulatedOdoo


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m careloom.sim.odoo", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8069, help="0 takes any free port")
    parser.add_argument("--version", default="19.0", choices=["18.0", "19.0"])
    parser.add_argument("--workers", type=int, default=2, help="calls served at once; the others wait")
    return parser.parse_args(given)


def greeting(odoo: SimulatedOdoo) -> str:
    """What a person needs to make the first call."""
    facts = {"url": odoo.url, "database": odoo.database, "login": odoo.login, "API key": odoo.api_key}
    lines = [f"{name:>9}: {value}" for name, value in facts.items()]
    return "\n".join([f"Simulated Odoo {odoo.version}; everything is forgotten when it stops (Ctrl-C).", *lines]) + "\n"


async def serve(options: argparse.Namespace) -> None:
    """Run until cancelled."""
    given = {"host": options.host, "port": options.port, "workers": options.workers}
    async with SimulatedOdoo(options.version, **given) as odoo:
        sys.stdout.write(greeting(odoo))
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(serve(arguments()))
    except KeyboardInterrupt:
        sys.exit(0)
