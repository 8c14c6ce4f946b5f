"""What the point of sale holds.

`World.state`:

    options     see OPTIONS
    serials     {table: last id given}
    groups      {id: {name}}
    types       {id: {name}}: types of cards
    customers   {id: {external_id, fname, lname, mname, phone, email, gender, birth_day, birth_month, birth_year,
                custom_information, group_id, register_date, accumulated_sales}}
    cards       {id: {external_id, uid, uid_ean13, barcode, medium, status, block_date, activate_date, type_id,
                customer_id}}
    orders      {id: {customer_id, guid, paid, shipped, cancelled, shipping_address, shipping_cost, comment,
                created_date, delivery, payment, warehouse, lines: [{item_id, name, quantity, price, discount}]}}

Ids are text, all else as the API shows it: text, "" where nothing is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from connector.sandbox.virtpos.wire import Asked, Refused, Row

if TYPE_CHECKING:
    from connector.sandbox.world import World

OPTIONS: Final[dict[str, Any]] = {
    "cards": "asked",  # a customer shows his cards: never (2017), asked (by cards=true, the later wiki), always
    "card_path": "/api/customer",  # where updateCard, insertCard and deleteCard are; the document does not say (V-11)
    "orders_shape": "flat",  # flat, as the sample has it, or wrapped: <order> and <item> around each (V-05, V-06)
    "days_limit": None,  # orders of the last N days unless a window is asked for (V-24); None: all, as in 2017
}


class Shop:
    """The point of sale behind one emulator. Everything it knows lives in `world.state`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def table(self, name: str) -> dict[str, Row]:
        return cast("dict[str, Row]", self.world.state[name])

    def option(self, name: str) -> Any:
        return self.world.state["options"][name]

    def add(self, name: str, row: Row) -> str:
        """A new row; its id."""
        serials = self.world.state["serials"]
        serials[name] = serials.get(name, 0) + 1
        key = str(serials[name])
        self.table(name)[key] = row
        return key

    def by(self, table: str, field: str, value: str) -> str | None:
        """The id of the row whose field has this value; nothing is found by nothing."""
        if value == "":
            return None
        return next((key for key, row in self.table(table).items() if row[field] == value), None)

    def named(self, table: str, name: str) -> str:
        """The id of a group or type of this name, made on the spot when there is none (V-13)."""
        return self.by(table, "name", name) or self.add(table, {"name": name})

    def chosen(self, table: str, asked: Asked, by_id: str, by_name: str) -> str | None:
        """A group or type from `..._id`, else from `..._name`; None where neither is said."""
        key, name = asked.get(by_id), asked.get(by_name)
        if key != "":
            if key not in self.table(table):
                raise Refused(f"Не найдена запись {by_id}={key}")
            return key
        return self.named(table, name) if name != "" else None

    def unique(self, table: str, field: str, value: str, besides: str | None) -> str:
        """The value, unless another row has it."""
        if self.by(table, field, value) not in (None, besides):
            raise Refused(f"Значение {field} уже используется")
        return value
