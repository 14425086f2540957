"""The command line: one file per command, no logic of its own.

Exit codes: 0 all is well; 1 the command ran and found something wrong (a refused message, a broken chain, nothing
found); 2 it was called wrongly; 3 the settings or rights are wrong; 4 the store or a system cannot be reached.
"""

from __future__ import annotations

from careloom.cli.app import main

__all__ = ["main"]
