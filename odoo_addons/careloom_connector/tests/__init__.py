# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import test_commit, test_document, test_outbox, test_traced, test_wake
