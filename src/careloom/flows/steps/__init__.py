"""Steps that several processes share: accounts and billing in Odoo, what payers are asked, supplies."""
