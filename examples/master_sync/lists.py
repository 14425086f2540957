"""Two lists that Odoo is kept in step with, every night: what a supplier sells, and the payers we bill."""

from careloom.flows.master_lists import MasterList
from careloom.flows.master_sync import synchronised

catalogue = synchronised(
    MasterList(
        name="catalogue",
        sort="product",
        listed_as="catalogue*.csv",
        key="item",
        columns={"name": "description", "barcode": "gtin", "price": "price"},
        codes={"gtin": "gtin"},
    ),
    cron="0 2 * * *",
    timezone="America/Los_Angeles",
)
payers = synchronised(
    MasterList(
        name="payers",
        sort="payer",
        listed_as="payers*.csv",
        key="id",
        columns={"name": "name", "city": "city", "phone": "phone"},
        vanished="keep",
    ),
    cron="30 2 * * *",
    timezone="America/Los_Angeles",
    business_owner="director of patient accounts",
)
