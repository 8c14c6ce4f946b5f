"""virtpos (VirtualPOS): orders, customers and discount cards.

The key travels as the parameter `apikey`, in the address or in the body. XML unless `format=json` is in the address.
A refusal is `<success>0</success>` with `<info>` and HTTP 200. The paths of the card calls are a guess of everybody's:
the option `card_path` moves them.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request

from connector.sandbox.virtpos import cards, customers, orders
from connector.sandbox.virtpos.shop import Shop
from connector.sandbox.virtpos.start import first_state
from connector.sandbox.virtpos.wire import Asked, Refused, answer, refusal

if TYPE_CHECKING:
    from connector.sandbox.world import World

APIKEY: Final = "sandbox-vp-93c0"
WRONG_KEY: Final = "Неверный ключ доступа"

Handler = Callable[[Shop, Asked], list[tuple[str, Any]]]

_CALLS: Final[dict[str, tuple[str, Handler]]] = {
    "/api/orders": ("orders", orders.listing),
    "/api/customer": ("customer", customers.listing),
    "/api/customer/update": ("customer.update", customers.update),
}
_CARDS: Final[dict[str, tuple[str, Handler]]] = {
    "updateCard": ("customer.updateCard", cards.update),
    "insertCard": ("customer.insertCard", cards.insert),
    "deleteCard": ("customer.deleteCard", cards.delete),
}


def create_app(world: World) -> Flask:
    """The point of sale of one company; its key is `world.credentials["apikey"]`."""
    world.credentials = {"apikey": APIKEY}
    shop = Shop(world)
    app = world.app(
        __name__,
        endpoint=lambda _, path: endpoint_name(world, path),
        expired=lambda: refusal(WRONG_KEY, "xml"),
        refused=lambda code: refusal(f"Ошибка {code}", "xml"),
    )
    world.fill(first_state)

    @app.route("/", methods=("GET", "POST"))
    @app.route("/<path:_>", methods=("GET", "POST"))
    def call(_: str = "") -> Response:
        found = _find(shop, request.path)
        if found is None:
            return Response("<html><body><h1>404 Not Found</h1></body></html>", 404)
        return _answered(shop, found[1])

    return app


def endpoint_name(world: World, path: str) -> str:
    """The catalogue name of a call, "" for a path that is none."""
    found = _find(Shop(world), path)
    return found[0] if found else ""


def _find(shop: Shop, path: str) -> tuple[str, Handler] | None:
    folder, _, name = path.rpartition("/")
    if folder == shop.option("card_path") and name in _CARDS:
        return _CARDS[name]
    return _CALLS.get(path)


def _answered(shop: Shop, handler: Handler) -> Response:
    query = request.args.to_dict()
    asked = Asked(query, {**query, **request.form.to_dict()})
    form = "json" if asked.query_only("format") == "json" else "xml"
    if not hmac.compare_digest(asked.get("apikey").encode(), APIKEY.encode()):
        return refusal(WRONG_KEY, form)
    try:
        return answer([("success", "1"), *handler(shop, asked)], form)
    except Refused as reason:
        return refusal(str(reason), form)
