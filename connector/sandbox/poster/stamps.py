"""The setters of 1C ids: a batch of pairs, `{"success": 1}`, all or nothing (section 1.9 of the facts).

`clients.set1cClientId` lives with the clients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.sandbox.poster.wire import Bare, Call, Refusal, method
from connector.sandbox.world import State

Rows = Callable[[State], dict[str, dict[str, Any]]]


def _table(name: str) -> Rows:
    def rows(state: State) -> dict[str, dict[str, Any]]:
        table: dict[str, dict[str, Any]] = state[name]
        return table

    return rows


def _modificators(state: State) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for product in state["products"].values() for row in product["modifications"]}


def _setter(name: str, key: str, rows: Rows) -> None:
    @method(name, "POST")
    def set_1c_id(call: Call) -> object:
        pairs = []
        for sent in call.rows("id"):
            if not isinstance(sent, dict) or key not in sent:
                raise Refusal(34, key)
            row = rows(call.state).get(str(sent[key]))
            if row is None:
                raise Refusal(32)
            pairs.append((row, str(sent.get("id_1c", "")).strip()))
        for row, guid in pairs:
            row["id_1c"] = guid if guid not in ("", "0") else "0"
        return Bare({"success": 1})


_setter("menu.set1cCategoryId", "category_id", _table("categories"))
_setter("menu.set1cProductId", "product_id", _table("products"))
_setter("menu.set1cModificatorId", "modificator_id", _modificators)
_setter("menu.set1cIngredientId", "ingredient_id", _table("ingredients"))
_setter("menu.set1cCategoryIngredientsId", "category_id", _table("ingredient_categories"))
_setter("storage.set1cStorageId", "storage_id", _table("storages"))
_setter("storage.set1cSupplierId", "supplier_id", _table("suppliers"))
_setter("storage.set1cSupplyId", "supply_id", _table("supplies"))
_setter("spots.set1cSpotsId", "spot_id", _table("spots"))
_setter("finance.set1cTransactionId", "transaction_id", _table("ledger"))
_setter("finance.set1cCashShiftTransactionId", "cash_shift_transaction_id", _table("till"))
