"""OAuth: the redirect, the exchange of the code, the check of an application opened in the admin panel.

None of the three speaks in the usual envelopes: success is flat, the errors of `access_token` are
`{code, error_type, error_message}`, those of `manage` `{error, message, field}` (section 1.2 of the facts).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from connector.sandbox.poster.wire import Bare, answer, params_of
from connector.sandbox.world import World

NAMES: Final = {
    "/api/auth": "auth",
    "/api/v2/auth/access_token": "v2/auth/access_token",
    "/api/v2/auth/manage": "v2/auth/manage",
}
"""Path -> catalogue name."""

_CODE_LIVES: Final = 600.0


def install(app: Flask, world: World) -> None:
    @app.get("/api/auth")
    def authorise() -> Response | WerkzeugResponse:
        return _authorise(world, request.args)

    @app.post("/api/v2/auth/access_token")
    def exchange() -> Response:
        return _exchange(world, params_of(request))

    @app.post("/api/v2/auth/manage")
    def manage() -> Response:
        return _manage(world, params_of(request))


def _authorise(world: World, sent: Mapping[str, str]) -> Response | WerkzeugResponse:
    """The person has agreed: back to the application with a code and the account's name."""
    account = world.state["account"]
    if sent.get("application_id") != str(account["application_id"]) or sent.get("response_type") != "code":
        return Response("Bad application", 400)
    if sent.get("redirect_uri") != account["redirect_uri"]:
        return Response("Bad redirect_uri", 400)
    query = urlencode({"code": _new_code(world), "account": account["name"]})
    return redirect(f"{account['redirect_uri']}?{query}", 302)


def _new_code(world: World) -> str:
    number = len(world.state["account"]["codes"])
    code = hashlib.md5(f"{world.seed}/code/{number}".encode(), usedforsecurity=False).hexdigest()
    world.state["account"]["codes"][code] = world.time() + _CODE_LIVES
    return code


def _exchange(world: World, sent: Mapping[str, Any]) -> Response:
    account, code = world.state["account"], str(sent.get("code", ""))
    known = account["codes"].get(code, 0) >= world.time()
    right = {
        "application_id": str(account["application_id"]),
        "application_secret": account["application_secret"],
        "redirect_uri": account["redirect_uri"],
        "grant_type": "authorization_code",
    }
    if not known or any(str(sent.get(name, "")) != value for name, value in right.items()):
        return answer(Bare({"code": 400, "error_type": "OAuthException", "error_message": "Bad code or application"}))
    del account["codes"][code]
    return answer(Bare(_granted(world)))


def _manage(world: World, sent: Mapping[str, Any]) -> Response:
    account = world.state["account"]
    for name in ("application_id", "application_secret", "code", "verify"):
        if str(sent.get(name, "")) == "":
            return _wrong(34, f"Поле {name} обязательное для заполнения", name)
    if str(sent["application_id"]) != str(account["application_id"]) or str(sent["code"]) not in account["codes"]:
        return _wrong(143, "Requested code's application doesn't exist", "application_id")
    text = f"{sent['application_id']}:{account['application_secret']}:{sent['code']}"  # the order is fixed (P-96)
    right = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(right, str(sent["verify"])):
        return _wrong(142, "Verify code is not correct", "verify")
    return answer(Bare(_granted(world)))


def _wrong(code: int, message: str, field: str) -> Response:
    return answer(Bare({"error": code, "message": message, "field": field}))


def _granted(world: World) -> dict[str, Any]:
    account = world.state["account"]
    return {
        "access_token": account["token"],
        "account_number": account["number"],
        "user": {"id": 4, "name": "Анна Хозяйкина", "email": "owner@zerno.example", "role_id": 3},
        "ownerInfo": {
            "email": "owner@zerno.example",
            "phone": "+79160000001",
            "city": "",
            "country": "RU",
            "name": "Анна Хозяйкина",
            "company_name": account["name"],
        },
        "tariff": {"key": "pricing-plan-1", "next_pay_date": "2027-05-31 11:52:41", "price": 2},
    }
