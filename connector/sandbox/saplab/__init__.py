"""Saplab: a shop's panel, as its document of 26 calls describes it, contradictions included.

HTTP Basic with an employee's login; JSON with ids and numbers as text; filters in the path; whole-form writes whose
answer carries no id; validation errors without a `status`; calls that change state by GET. What the document leaves
open is decided for the less convenient side and said where it is done.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from flask import Flask, Response, request

from connector.sandbox.saplab import clients, dictionaries, orders
from connector.sandbox.saplab.panel import Panel
from connector.sandbox.saplab.start import OWNER_LOGIN, OWNER_PASSWORD, first_state
from connector.sandbox.saplab.wire import Call, answer, failure, pairs, segments_of

if TYPE_CHECKING:
    from connector.sandbox.world import World

VERBS: Final = ("GET", "POST")
FORBIDDEN: Final = "Доступ запрещён."

Handler = Callable[[Panel, Call], object]


class Page(NamedTuple):
    """One call: its catalogue name and path; `right` is what the employee must be allowed to touch."""

    name: str
    path: str
    handler: Handler
    verb: str = "GET"
    right: str = "dictionaries"
    filters: bool = False


PAGES: Final = (
    Page("manager", "/panel/manager", dictionaries.managers),
    Page("order.shipping_type", "/panel/order/shipping_type", dictionaries.shipping_types),
    Page("order.shipping_type.add", "/panel/order/shipping_type", dictionaries.add_shipping_type, "POST"),
    Page("order.shipping_type.edit", "/panel/order/shipping_type/$ID", dictionaries.change_shipping_type, "POST"),
    Page("order.remove_shipping_type", "/panel/order/remove_shipping_type", dictionaries.remove_shipping_type, "POST"),
    Page("order.status", "/panel/order/status", dictionaries.statuses),
    Page("order.status.add", "/panel/order/status", dictionaries.add_status, "POST"),
    Page("order.status.edit", "/panel/order/status/$ID", dictionaries.change_status, "POST"),
    Page("order.remove_status", "/panel/order/remove_status", dictionaries.remove_status, "POST"),
    Page("client.group", "/panel/client/group", dictionaries.groups),
    Page("client.group.add", "/panel/client/group_form", dictionaries.add_group, "POST"),
    Page("client.group.edit", "/panel/client/group_form/$ID", dictionaries.change_group, "POST"),
    Page("client.remove_group", "/panel/client/remove_group", dictionaries.remove_group, "POST"),
    Page("client", "/panel/client", clients.listing, right="clients", filters=True),
    Page("client.form", "/panel/client/form/$ID", clients.form, right="clients"),
    Page("client.form.add", "/panel/client/form", clients.create, "POST", "clients"),
    Page("client.form.edit", "/panel/client/form/$ID", clients.change, "POST", "clients"),
    Page("client.balance", "/panel/client/balance/$ID", clients.balance, right="clients", filters=True),
    Page("client.add_transaction", "/panel/client/add_transaction/$ID", clients.add_transaction, "POST", "money"),
    Page("order", "/panel/order", orders.listing, right="orders", filters=True),
    Page("order.set_status", "/panel/order/set_status/$ID", orders.set_status, "POST", "orders"),
    Page("order.deny", "/panel/order/deny/$ID", orders.deny, right="orders"),
    Page("order.pay", "/panel/order/pay/$ID", orders.pay, right="money"),
    Page("order.archive", "/panel/order/archive/$ID", orders.archive, right="orders"),
    Page("order.unarchive", "/panel/order/unarchive/$ID", orders.unarchive, right="orders"),
    Page("order.documents", "/panel/order/documents/$ID", orders.documents, right="orders"),
)


def create_app(world: World) -> Flask:
    """The panel of one shop. Log in with `world.credentials` (login, password): the shop's owner."""
    world.credentials = {"login": OWNER_LOGIN, "password": OWNER_PASSWORD}
    app = world.app(__name__, endpoint=endpoint_name, expired=_unauthorised, refused=_refused)
    world.fill(first_state)
    panel = Panel(world)

    @app.route("/", defaults={"_": ""}, methods=VERBS)
    @app.route("/<path:_>", methods=VERBS)
    def page(_: str) -> Response:
        # the raw URI and not Flask's path: an encoded slash belongs to a filter's value
        found = _find(request.method, segments_of(request.environ["REQUEST_URI"]))
        if found is None:
            return Response("<html><body><h1>404 Not Found</h1></body></html>", 404)
        employee = _employee(panel)
        if employee is None:
            return _unauthorised()
        if not employee["rights"][found[0].right]:
            return answer(failure(FORBIDDEN), 403)
        call = Call(found[1], found[2], request.form.to_dict(), employee)
        return answer(found[0].handler(panel, call))

    return app


def endpoint_name(verb: str, path: str) -> str:
    """The catalogue name of a call, "" for one that the panel has not."""
    found = _find(verb, path.strip("/").split("/"))
    return found[0].name if found else ""


def _find(verb: str, parts: list[str]) -> tuple[Page, str, dict[str, str]] | None:
    for page in PAGES:
        match = _match(page, parts)
        if page.verb == verb and match is not None:
            return page, *match
    return None


def _match(page: Page, parts: list[str]) -> tuple[str, dict[str, str]] | None:
    """The id and the filters in a path, if it is this page's."""
    words = page.path.strip("/").split("/")
    head, tail = parts[: len(words)], parts[len(words) :]
    if len(head) < len(words) or any(word not in ("$ID", part) for word, part in zip(words, head, strict=True)):
        return None
    if tail and not (page.filters and tail[0] == "filter"):
        return None
    return (head[-1] if words[-1] == "$ID" else ""), pairs(tail[1:])


def _employee(panel: Panel) -> dict[str, Any] | None:
    given = request.authorization
    if given is None or given.type != "basic":
        return None
    login, password = given.username or "", given.password or ""
    for row in panel.table("managers").values():
        if row["status"] and row["phone"] == login and hmac.compare_digest(row["password"].encode(), password.encode()):
            return dict(row)
    return None


def _unauthorised() -> Response:
    page = "<html><body><h1>401 Authorization Required</h1></body></html>"
    return Response(page, 401, {"WWW-Authenticate": 'Basic realm="panel"'})


def _refused(_: int) -> Response:
    return answer(failure())
