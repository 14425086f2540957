# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import base, careloom_document, careloom_outbox, careloom_traced, careloom_watch, res_config_settings
