# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
def uninstall_hook(env):
    """Drop what `careloom.outbox` created beside its table."""
    env.cr.execute("DROP FUNCTION IF EXISTS careloom_outbox_number() CASCADE")
    env.cr.execute("DROP SEQUENCE IF EXISTS careloom_outbox_seq")
