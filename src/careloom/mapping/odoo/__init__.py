"""Changes of Odoo's records as canonical events, by one module for each area of business.

Whichever feed brought a change (the addon's outbox, or polling), it is the same message and becomes the same events.
Field names of Odoo 18 and 19 differ in places; what is read here tries both (`odoo/CONTRACT.md` section 7).
"""
