"""Logistics: the areas of products, stock, purchasing and sales, in the order in which they build on each other."""

from careloom.sim.odoo.products import PRODUCTS
from careloom.sim.odoo.purchasing import PURCHASING
from careloom.sim.odoo.sales import SALES
from careloom.sim.odoo.stock import STOCK

LOGISTICS = (PRODUCTS, STOCK, PURCHASING, SALES)
