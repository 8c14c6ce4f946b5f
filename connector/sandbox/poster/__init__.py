"""The Poster till: a strict emulator of its web API with the quirks of the documents.

Strict means: exact method names, the one verb that works, tokens checked, unknown parameters ignored without a word,
refusals inside HTTP 200. Where the documents do not say a unit of money, `state["units"]` says it and may be changed.
"""

from __future__ import annotations

import json

from flask import Flask, Response, request

from connector.sandbox.poster import (
    clients,
    dash,
    dishes,
    fill,
    hooks,
    ledger,
    manufactures,
    marketing,
    menu,
    oauth,
    orders,
    products,
    receipts,
    sales,
    shifts,
    spots,
    stamps,
    storage,
    supplies,
    wastes,
    wire,
)
from connector.sandbox.world import World

BASE_PATH = "/api"

_VIEWS = (
    clients,
    marketing,
    menu,
    products,
    dishes,
    storage,
    supplies,
    manufactures,
    wastes,
    receipts,
    dash,
    sales,
    orders,
    spots,
    shifts,
    ledger,
    stamps,
)
"""Importing a module registers its methods."""

_CATALOGUED = {"dash.getTransactionWriteoffs": "dash.getTransactionWriteOffs"}
"""The one call that works under another spelling than the documents title it with (P-66)."""


def create_app(world: World) -> Flask:
    """The emulator of one account."""
    world.fill(fill.state_of)
    world.credentials["token"] = world.state["account"]["token"]
    hooks.install(world)
    orders.install(world)
    app = world.app(__name__, endpoint=_endpoint, expired=lambda: wire.refusal(12), refused=wire.refusal)

    @app.route("/api/<name>", methods=["GET", "POST", "PUT", "DELETE"])
    def call(name: str) -> Response:
        return _call(world, name)

    oauth.install(app, world)
    return app


def _endpoint(_: str, path: str) -> str:
    """The catalogue name of a call: faults are set and requests are counted under it."""
    name = oauth.NAMES.get(path, path.removeprefix("/api/"))
    return _CATALOGUED.get(name, name)


def _call(world: World, name: str) -> Response:
    method = wire.METHODS.get(name)
    if method is None or method.verb != request.method:
        return wire.refusal(30, status=405)  # an unknown name, the wrong letter case and the wrong verb look alike
    try:
        _authorise(world, name)
        return wire.answer(method.run(wire.Call(world, name, wire.params_of(request))))
    except wire.Refusal as no:
        return wire.refusal(no.code, no.message)
    except wire.ReceiptRefusal as no:
        return wire.answer({"err_code": no.code})
    except json.JSONDecodeError:
        return wire.refusal(400, "Bad request")


def _authorise(world: World, name: str) -> None:
    token = request.args.get("token", "")
    if token == "":
        raise wire.Refusal(10)
    if token != world.state["account"]["token"]:
        raise wire.Refusal(11)
    if world.time() > world.state["account"]["token_until"]:
        raise wire.Refusal(12)
    scopes = world.state["account"]["scopes"]
    if scopes is not None and name.split(".", maxsplit=1)[0] not in scopes:
        raise wire.Refusal(20)
