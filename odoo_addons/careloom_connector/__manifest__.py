# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "Careloom Connector",
    "summary": "Transactional outbox, exactly-once documents and links to the trace for a Careloom hub",
    # Odoo prefixes a version of three parts with its own series: 18.0.1.0.0 or 19.0.1.0.0.
    "version": "1.0.0",
    "category": "Technical",
    "author": "The Careloom founders",
    "license": "LGPL-3",
    "depends": ["account", "purchase", "sale", "stock", "web"],
    "data": [
        "security/careloom_security.xml",
        "security/ir.model.access.csv",
        "views/account_move_views.xml",
        "views/careloom_views.xml",
        "views/purchase_order_views.xml",
        "views/res_config_settings_views.xml",
        "views/res_partner_views.xml",
        "views/sale_order_views.xml",
        "views/stock_picking_views.xml",
    ],
    "installable": True,
    "application": False,
    "uninstall_hook": "uninstall_hook",
}
