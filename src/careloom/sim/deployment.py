"""The careloom.toml of the demo: a hospital's hub with all it exchanges with."""

from __future__ import annotations

from typing import Final

PLACES: Final = ("payer/out", "payer/in", "supplier/to-partner", "supplier/from-partner")
"""Folders that files are exchanged in, below the demo's own."""
SECRET: Final = "whsec_invented_for_trials"  # noqa: S105 - of the simulated gateway
CONFIGURATION: Final = """\
# Made by `careloom demo`: a hub between a hospital's EHR, its payer, a supplier, a card gateway and Odoo.
[hub]
name = "demo"
flows = [
  "careloom.flows.registration",
  "careloom.flows.standards",
  "careloom.flows.authorizations",
  "careloom.flows.service_completed",
  "careloom.flows.requisition_to_pay",
  "careloom.flows.payment_confirmation",
  "careloom.sim.house",                  # intake and appointments, with the supplies that services take
]

[store]
data = "data"

[api]
port = 0

[api.publishers.theatre]                 # the theatre's own system tells of completed services as events
system = "theatre-docs"
events = ["service.completed.v1"]

[systems.ehr]
kind = "mllp"
port = 0

[systems.erp]
kind = "odoo"
url = "{url}"
database = "{database}"
login = "{login}"
api_key = "file:odoo.key"
concurrency = 4
allowed_company_ids = [1]
breaker_failures = 3
breaker_seconds = 1

[systems.payer]
kind = "payer"
sender = "LOOMHOSP"
receiver = "THREADBARE"
company = "9LOOMHOSP0"

[systems.payer.realtime]
url = "{payer}"
style = "raw"
connections = 8
knows_repeats = true

[systems.payer.batch]                    # decisions that come later lie in a folder
outbox = "payer/out"
inbox = "payer/in"
every = 0.3
stable_seconds = 0

[systems.payer.desk]
provider = "LOOMFORD GENERAL HOSPITAL"
number = "1999999992"
payers = {{ "90001" = "Threadbare Mutual" }}

[deliveries.payer]
system = "payer"
events = ["eligibility.requested.v1", "authorization.requested.v1"]

[systems.supplier]
kind = "trading_partner"
sender = "EXAMPLEHOSP"
receiver = "EXSUPPLIER"
outbox = "supplier/to-partner"
inbox = "supplier/from-partner"
every = 0.3
stable_seconds = 0

[deliveries.orders]
system = "supplier"
events = ["purchase_order.placed.v1"]

[systems.wms]
kind = "warehouse"
url = "{warehouse}"
auth = {{ key = "file:wms.key" }}
resources = {{ receipts = {{ every = 1 }}, movements = {{ every = 600 }}, counts = {{ every = 600 }} }}

[systems.paygate]
kind = "payments"
secret = "file:paygate.secret"

[flows.registration]
erp = "erp"

[flows.intake]
erp = "erp"

[flows.appointments]
erp = "erp"

[flows.authorizations]

[flows.service-completed]
erp = "erp"

[flows.requisition-to-pay]
erp = "erp"

[flows.payment-confirmation]
erp = "erp"

[approvals.limits]
purchasing = 50000
cfo = "any"
"""
