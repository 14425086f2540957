"""What changes in Odoo becomes messages of the log: from the addon's outbox, or by polling where there is none."""
