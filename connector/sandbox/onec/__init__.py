"""A published base of 1C:Enterprise: the standard interface of OData, protocol version 3 (chapter 17.4 of the vendor).

The profile (bp30, ut11, unf) is an option of the sandbox. Names, formats, codes and refusals are the platform's; what
its chapter leaves open is decided for the less convenient side. The login is Cyrillic, as a user of 1C may be called:
Basic carries it as UTF-8. `$batch`, atom in requests, journals, constants and business processes are not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from flask import Flask, Response, request

from connector.sandbox import onec_soap
from connector.sandbox.onec import site
from connector.sandbox.onec.address import Address, parse_address
from connector.sandbox.onec.base import Base
from connector.sandbox.onec.errors import ODataError, Stale, refusal
from connector.sandbox.onec.service import Service
from connector.sandbox.onec.shapes import Form, form_of, refused
from connector.sandbox.onec.start import PROFILE, first_state

if TYPE_CHECKING:
    from connector.sandbox.world import World

PUBLICATION: Final = "/base"
BASE_PATH: Final = f"{PUBLICATION}/odata/standard.odata"
SERVICES: Final = f"{PUBLICATION}/ws/"
VERBS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
LOGIN: Final = "Обмен"
PASSWORD: Final = "пароль-песочницы"  # noqa: S105 - opens nothing but the sandbox

_LOGIN_PAGE: Final = "<!DOCTYPE html><html><head><title>1С:Предприятие</title></head><body>Вход</body></html>"


def create_app(world: World) -> Flask:
    """One base. `world.credentials` holds its user."""
    world.credentials = {"login": LOGIN, "password": PASSWORD}
    world.account = {"channel": "odata", "profile": world.options.get("profile", PROFILE)}
    base = Base(world)
    app = world.app(__name__, endpoint=endpoint_name, expired=lambda: _unauthorised(base), refused=_refused)
    world.fill(first_state)

    @app.route("/", defaults={"_": ""}, methods=VERBS)
    @app.route("/<path:_>", methods=VERBS)
    def page(_: str) -> Response:
        # the raw URI: a name may be percent-encoded, and its parts are divided before that is undone
        path = request.environ["REQUEST_URI"].split("?", 1)[0]
        service = onec_soap.service_of(path.removeprefix(SERVICES)) if path.startswith(SERVICES) else None
        is_site = path.startswith(SERVICES) and site.serves(path.removeprefix(SERVICES))
        if service is None and not is_site and not path.startswith(BASE_PATH):
            return Response("<html><body><h1>404 Not Found</h1></body></html>", 404)
        if not _knows(base):
            return _unauthorised(base)
        if is_site:
            return site.serve(world, request.method, request.get_data())
        if service is not None:
            return onec_soap.serve(world, service, request.method, request.get_data(), request.base_url)
        return _answered(base, path.removeprefix(BASE_PATH))

    return app


def endpoint_name(verb: str, path: str) -> str:
    """`Catalog_Контрагенты read`: the resource and what is done with it; the name of a web service; "" beside these."""
    if path.startswith(SERVICES) and site.serves(path.removeprefix(SERVICES)):
        return site.NAME
    if path.startswith(SERVICES):
        return onec_soap.service_of(path.removeprefix(SERVICES)) or ""
    if not path.startswith(BASE_PATH):
        return ""
    try:
        address = parse_address(path.removeprefix(BASE_PATH).strip("/").split("/"))
    except ODataError:
        return ""
    return address.named(verb)


def _answered(base: Base, path: str) -> Response:
    root = f"{request.host_url.rstrip('/')}{BASE_PATH}"
    accept = request.headers.get("Accept", "")
    form = form_of(None, accept, root)
    try:
        form = form_of(request.args.get("$format"), accept, root)
        parts = [unquote(part) for part in path.strip("/").split("/")]
        response = Service(base, form).answer(request.method, parse_address(parts))
    except ODataError as error:
        response = refused(form, error)
    except Stale:
        response = Response(b"", 412)
    response.headers["DataServiceVersion"] = "3.0"
    return response


def _knows(base: Base) -> bool:
    """Whether the login is the user's. A name that was not sent as UTF-8 is another name."""
    given = request.authorization
    if given is None or given.type != "basic":
        return False
    user = base.world.credentials
    return (given.username, given.password) == (user["login"], user["password"])


def _unauthorised(base: Base) -> Response:
    if base.option("login_page"):
        return Response(_LOGIN_PAGE, 200)
    page = "<html><body><h1>401 Unauthorized</h1></body></html>"
    return Response(page, 401, {"WWW-Authenticate": 'Basic realm="1C:Enterprise 8.3"'})


def _refused(code: int) -> Response:
    error = refusal(code) if code > 0 else ODataError(500, -1, "Не удалось записать")
    return refused(Form(True, "nometadata", ""), error)


__all__ = ["BASE_PATH", "PUBLICATION", "Address", "create_app", "endpoint_name"]
