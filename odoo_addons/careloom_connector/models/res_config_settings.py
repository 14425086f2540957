# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..wake import is_web, signature


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    careloom_url = fields.Char("Careloom hub", config_parameter="careloom.url")
    careloom_wake_url = fields.Char("Wake-up address", config_parameter="careloom.wake_url")
    careloom_wake_secret = fields.Char("Wake-up secret", config_parameter="careloom.wake_secret")
    careloom_keep_days = fields.Integer("Days to keep", config_parameter="careloom.keep_days", default=7)

    @api.constrains("careloom_url", "careloom_wake_url", "careloom_wake_secret")
    def _check_careloom(self):
        for settings in self:
            for url in (settings.careloom_url, settings.careloom_wake_url):
                if url and not is_web(url):
                    raise ValidationError(self.env._("An address of the Careloom hub begins with https:// or http://."))
            if settings.careloom_wake_secret:
                settings._check_careloom_secret()

    def _check_careloom_secret(self):
        try:
            signature(self.careloom_wake_secret, "id", "0", "")
        except ValueError as wrong:
            raise ValidationError(self.env._("The wake-up secret is “whsec_” and base64.")) from wrong
