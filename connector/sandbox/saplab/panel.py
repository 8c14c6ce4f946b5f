"""What the shop holds, and the rules every page of the panel shares.

`World.state`:

    options      {bare_filters, email_required, silent_legal_edits}: see OPTIONS
    settings     {new_status, suspended_status, denied_status, group_id}: what the shop's settings refer to
    serials      {table: last id given}
    managers, points, shipping_types, statuses, groups, clients, positions    {id as text: row}, in order of id
    ledger       {client id: [{date, amount, comment}]}, oldest first

Moments are ISO 8601 in UTC, money is decimal text, ids are ints.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypedDict, cast

from connector.sandbox.saplab.wire import phone_key

if TYPE_CHECKING:
    from connector.sandbox.world import World

OPTIONS: Final[dict[str, bool]] = {
    "bare_filters": False,  # no filters at all are echoed as [] instead of {"per_page": 20} (S-21)
    "email_required": False,  # the document does not say whether a client may lack an e-mail
    "silent_legal_edits": False,  # an edit of legal details alone leaves date_modified as it was
}

LEGAL: Final = ("bik", "inn", "kpp", "bank", "orgn", "type", "account", "address", "org_name", "bank_account")


class Client(TypedDict):
    id: int
    phone: str
    name: str
    address: str
    email: str
    password: str
    status: bool
    group_id: int
    shipping_id: int
    manager_id: int
    point_id: int
    limit: int
    comment: str
    is_wholesaler: bool
    legal: dict[str, str]
    date_added: str
    date_modified: str


class Moment(TypedDict):
    date: str
    color: str
    status: str
    manager: str


class Position(TypedDict):
    id: int
    client_id: int
    invoice: str
    distributor_id: int
    distributor_name: str
    brand: str
    article: str
    name: str
    delivery_min: int
    delivery_max: int
    initial_price: str
    price: str
    quantity: int
    status_id: int
    shipping_id: int
    shipping_address: str
    doc_id: int | None
    comment: dict[str, str]
    deny_request: bool
    is_archived: bool
    is_denied: bool
    is_payed: bool
    date_added: str
    date_modified: str
    history: list[Moment]


class Panel:
    """The shop behind one emulator. Everything it knows lives in `world.state`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def table(self, name: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self.world.state[name])

    def option(self, name: str) -> bool:
        return bool(self.world.state["options"][name])

    def setting(self, name: str) -> int:
        return cast("int", self.world.state["settings"][name])

    def serial(self, name: str) -> int:
        """The next id of a table; ids are never used twice."""
        serials = self.table("serials")
        serials[name] = serials.get(name, 0) + 1
        return cast("int", serials[name])

    def now(self) -> str:
        return self.world.now().isoformat()

    # clients ---------------------------------------------------------------------------------------------------

    def clients(self) -> Iterator[Client]:
        """Newest first, as every list of the panel."""
        return reversed(cast("dict[str, Client]", self.table("clients")).values())

    def client(self, key: str | int) -> Client | None:
        return cast("Client | None", self.table("clients").get(str(key)))

    def client_with(self, field: str, value: str, besides: int | None) -> Client | None:
        """Another client who has this phone or e-mail."""
        wanted = phone_key(value) if field == "phone" else value.casefold()
        for client in self.clients():
            mine = client["phone"] if field == "phone" else client["email"].casefold()
            if mine == wanted and client["id"] != besides:
                return client
        return None

    def balance(self, client_id: int) -> Decimal:
        return sum((Decimal(row["amount"]) for row in self.ledger(client_id)), Decimal(0))

    def ledger(self, client_id: int) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = self.table("ledger").get(str(client_id), [])
        return rows

    def book(self, client_id: int, amount: Decimal, comment: str) -> None:
        """One more entry of the ledger; the balance is nothing but their sum."""
        entry = {"date": self.now(), "amount": str(amount), "comment": comment}
        self.table("ledger").setdefault(str(client_id), []).append(entry)

    def debts(self) -> dict[int, tuple[Decimal, Decimal]]:
        """By client: what is owed for positions, and of it for suspended ones apart."""
        owed: dict[int, tuple[Decimal, Decimal]] = {}
        suspended = self.setting("suspended_status")
        for position in self.positions():
            if position["is_payed"] or position["is_denied"]:
                continue
            debt, blocked = owed.get(position["client_id"], (Decimal(0), Decimal(0)))
            if position["status_id"] == suspended:
                blocked += total(position)
            else:
                debt += total(position)
            owed[position["client_id"]] = (debt, blocked)
        return owed

    # positions -------------------------------------------------------------------------------------------------

    def positions(self) -> Iterator[Position]:
        """Newest first."""
        return reversed(cast("dict[str, Position]", self.table("positions")).values())

    def position(self, key: str | int) -> Position | None:
        return cast("Position | None", self.table("positions").get(str(key)))

    def record_status(self, position: Position, status_id: int, manager: str) -> None:
        """Give a position a status and a line of history. Its date_modified stays (S-23)."""
        status = self.table("statuses").get(str(status_id), {"name": "", "color": ""})
        position["status_id"] = status_id
        moment: Moment = {"date": self.now(), "color": status["color"], "status": status["name"], "manager": manager}
        position["history"].append(moment)


def total(position: Position) -> Decimal:
    return Decimal(position["price"]) * position["quantity"]


def legal_title(client: Client) -> str:
    """`ООО "Рога и Копыта"`: the kind and the quoted name; empty for a person."""
    if not client["is_wholesaler"]:
        return ""
    kind, name = client["legal"].get("type", ""), client["legal"].get("org_name", "")
    return f'{kind} "{name}"'.strip()


def title(client: Client) -> str:
    """How the panel's messages call a client."""
    return legal_title(client) or client["name"]
