"""Steps that several processes share, one idea each: accounts and billing in Odoo, payers, goods."""
