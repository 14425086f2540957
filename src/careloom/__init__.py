"""Careloom: the open integration platform between healthcare systems and Odoo."""

__version__ = "0.1.0.dev0"
