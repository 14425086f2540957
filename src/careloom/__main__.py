"""`python -m careloom`."""

from careloom.cli import main

main()
