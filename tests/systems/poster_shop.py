"""The sample shop, one account in it, and where to find a record for every read of the catalogue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from connector.sandbox import Sandbox
from connector.systems.catalogue import Endpoint, load
from connector.systems.poster.adapter import PosterAdapter
from connector.transport.auth import QueryKey
from connector.transport.http import Transport

READS = [endpoint for endpoint in load("poster").endpoints.values() if not endpoint.is_write and endpoint.use == "call"]

RECORDS: dict[str, tuple[str, dict[str, Any], str]] = {
    "dash.getTransaction": ("dash.getTransactions", {}, "transaction_id"),
    "dash.getTransactionProducts": ("dash.getTransactions", {}, "transaction_id"),
    "dash.getTransactionsProducts": ("dash.getTransactions", {}, "transaction_id"),
    "dash.getTransactionHistory": ("dash.getTransactions", {}, "transaction_id"),
    "dash.getTransactionWriteOffs": ("dash.getTransactions", {}, "transaction_id"),
    "menu.getCategory": ("menu.getCategories", {}, "category_id"),
    "menu.getProduct": ("menu.getProducts", {}, "product_id"),
    "menu.getPrepack": ("menu.getPrepacks", {}, "product_id"),
    "menu.getIngredient": ("menu.getIngredients", {}, "ingredient_id"),
    "menu.getCategoryIngredients": ("menu.getCategoriesIngredients", {}, "category_id"),
    "menu.getWorkshop": ("menu.getWorkshops", {}, "workshop_id"),
    "storage.getManufacture": ("storage.getManufactures", {}, "manufacture_id"),
    "storage.getMove": ("storage.getMoves", {}, "moving_id"),
    "storage.getSupplyIngredients": ("storage.getSupplies", {}, "supply_id"),
    "storage.getPack": ("storage.getPacks", {}, "pack_id"),
    "storage.getWaste": ("storage.getWastes", {}, "waste_id"),
    "storage.getStorage": ("storage.getStorages", {}, "storage_id"),
    "storage.getStorageInventories": ("storage.getStorages", {}, "storage_id"),
    "storage.getInventoryIngredients": ("storage.getStorages", {}, "storage_id"),
    "clients.getClient": ("clients.getClients", {}, "client_id"),
    "clients.getPromotion": ("clients.getPromotions", {}, "promotion_id"),
    "clients.getGroup": ("clients.getGroups", {}, "client_groups_id"),
    "incomingOrders.getIncomingOrder": ("incomingOrders.getIncomingOrders", {}, "incoming_order_id"),
    "incomingOrders.getOwnIncomingOrder": ("incomingOrders.getOwnIncomingOrders", {}, "incoming_order_id"),
    "incomingOrders.getReservation": ("incomingOrders.getReservations", {}, "incoming_order_id"),
    "incomingOrders.getOwnReservation": ("incomingOrders.getOwnReservations", {}, "incoming_order_id"),
    "finance.getCashShift": ("finance.getCashShifts", {}, "cash_shift_id"),
    "finance.getCashShiftTransactions": ("finance.getCashShifts", {}, "cash_shift_id"),
    "finance.getTransaction": ("finance.getTransactions", {}, "transaction_id"),
}
"""Where the id of one record is found: (list, its parameters, key of the row)."""


class Shop:
    """The sample shop and one account in it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.world = sandbox.worlds["poster"]
        token = sandbox.credentials["poster"]["token"]
        transport = Transport("kafe", sandbox.urls["poster"], auth=QueryKey("token", token), insecure=True)
        self.adapter = PosterAdapter("kafe", "kafe", load("poster"), transport)
        self.spot = str(self.adapter.call("spots.getTableHallTables", {})[0]["spot_id"])

    def window(self, endpoint: Endpoint) -> dict[str, str]:
        if endpoint.window is None:
            return {}
        today = self.world.now()
        start, end = today - timedelta(days=60), today + timedelta(days=1)
        form = "%Y-%m-%d %H:%M:%S" if "H" in endpoint.window.format else "%Y-%m-%d"
        return {endpoint.window.start: start.strftime(form), endpoint.window.end: end.strftime(form)}

    def first(self, name: str, params: dict[str, Any], key: str) -> str:
        rows = self.adapter.call(name, {**params, **self.window(load("poster").endpoint(name))})
        return str(rows[0][key])

    def params(self, endpoint: Endpoint) -> dict[str, Any]:
        given: dict[str, Any] = self.window(endpoint)
        if endpoint.name == "incomingOrders.getTablesForReservation":
            return {"spot_id": self.spot, "date_reservation": "2026-12-01 18:00:00", "duration": 1800}
        if endpoint.name == "transactions.getTransactionDishComposition":
            return self.dish()
        if endpoint.name == "finance.getCashShiftTransaction":
            shift = self.first("finance.getCashShifts", {}, "cash_shift_id")
            row = self.first("finance.getCashShiftTransactions", {"shift_id": shift}, "shift_tr_id")
            return {"cash_shift_transaction_id": row}
        if endpoint.name in RECORDS:
            wanted = [name for name, param in endpoint.params.items() if param.required] or list(endpoint.one_of[:1])
            (name,) = wanted
            given[name] = self.first(*RECORDS[endpoint.name])
        return given

    def dish(self) -> dict[str, Any]:
        dishes = {row["product_id"] for row in self.adapter.call("menu.getProducts", {"type": "batchtickets"})}
        receipts = load("poster").endpoint("dash.getTransactions")
        for receipt in self.adapter.call(receipts.name, self.window(receipts)):
            number = receipt["transaction_id"]
            for line in self.adapter.call("dash.getTransactionProducts", {"transaction_id": number}):
                if str(line["product_id"]) in dishes:
                    return {"transaction_id": number, "product_id": line["product_id"]}
        raise AssertionError("the sample shop has sold no dish")

    def order_something(self) -> None:
        """An online order and a reservation of this application's own."""
        plain = next(row for row in self.adapter.call("menu.getProducts", {}) if "modifications" not in row)
        line = {"product_id": plain["product_id"], "count": 1}
        guest = {"spot_id": self.spot, "phone": "+79990001122"}
        self.adapter.call("incomingOrders.createIncomingOrder", {**guest, "products": [line]})
        free = {"spot_id": self.spot, "date_reservation": "2026-12-01 18:00:00", "duration": 1800}
        tables = self.adapter.call("incomingOrders.getTablesForReservation", free)["freeTables"]
        booked = {**guest, **free, "type": 2, "table_id": tables[0]["table_id"], "guests_count": 2}
        self.adapter.call("incomingOrders.createReservation", booked)
