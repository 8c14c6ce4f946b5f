"""The five systems of the sandbox with a bad proxy before each, their secrets chosen by the test.

Besides the faults of the sandbox itself the proxy redirects to another host, tells back what it was sent, claims
another content type or encoding, and speaks TLS with a certificate that nobody vouches for.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from wsgiref.util import request_uri

import pytest
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request, Response

import connector.sandbox.loyalclient
import connector.sandbox.onec
import connector.sandbox.saplab
import connector.sandbox.saplab.start
import connector.sandbox.virtpos
from connector.sandbox import Sandbox
from connector.sandbox.base import ACCOUNTS, write_workspace
from connector.sandbox.company import Company
from connector.sandbox.faults import Fault
from tests.secret_search import Secret

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SECRETS = (
    Secret("poster token", '861001:pQ7x"Zr2\\Kt9Vb4+Nn1Tm8/Wd%41Ле&g5=Js', ""),
    Secret("virtpos apikey", "vP-3hXq8'Lc5&Zu0=Yt7+Rk2Mw9%2FЖд<b>6s", ""),
    Secret("loyalclient apikey", 'lC_9gBn4"Fj6%25Hs1+Qe8/Xo3&Da7=Iy5', ""),
    Secret("saplab password", "sL 2mPa7\"Vx5\\n4Кт9+Ue1/Zc8&Oj6'Wi3=", "79000000000"),
    Secret("1c password", 'oC 5tGy1"Bf8\\Мн3+Lq6/Ra9&Ks2%7EXd4=Пю', "Обмен"),
)
"""Unique, and full of the characters that each encoding spells its own way."""

VARIABLES: Mapping[str, tuple[str, str]] = {
    "poster": ("token", "POSTER_TOKEN"),
    "virtpos": ("apikey", "VP_KEY"),
    "loyalclient": ("apikey", "BONUS_KEY"),
    "saplab": ("password", "PANEL_PASSWORD"),
    "onec": ("password", "ONEC_PASSWORD"),
}
"""kind -> the key of the account, the environment variable that holds it."""

PLACES: Mapping[str, tuple[tuple[ModuleType, str], ...]] = {
    "virtpos": ((connector.sandbox.virtpos, "APIKEY"),),
    "loyalclient": ((connector.sandbox.loyalclient, "APIKEY"),),
    "onec": ((connector.sandbox.onec, "PASSWORD"),),
    "saplab": ((connector.sandbox.saplab, "OWNER_PASSWORD"), (connector.sandbox.saplab.start, "OWNER_PASSWORD")),
}
"""Where each emulator has its own."""

WRITES = (
    ("loyalclient", "client"),
    ("onec", "Catalog_КартыЛояльности create"),
    ("onec", "Catalog_Партнеры create"),
    ("onec", "Catalog_Партнеры write"),
    ("onec", "Document_ЗаказКлиента create"),
    ("poster", "clients.createClients"),
    ("poster", "clients.set1cClientId"),
    ("poster", "clients.updateClient"),
    ("saplab", "client.form.add"),
    ("saplab", "client.form.edit"),
    ("virtpos", "customer.update"),
    ("virtpos", "customer.updateCard"),
)
"""(kind, endpoint) of every call of a first sync that is no GET: a test compares."""

Trouble = Callable[[Request, Response], Response]


@dataclass
class Proxy:
    """Before one emulator. `trouble` makes of each answer another one, where `on` says so."""

    kind: str
    inner: WSGIApplication
    trouble: Trouble | None = None
    on: Callable[[Request], bool] = lambda request: True

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        trouble = self.trouble
        if trouble is None or request.path.startswith("/_sandbox/") or not self.on(request):
            return self.inner(environ, start_response)
        told = _told(request)
        environ["sandbox.kind"] = self.kind
        chunks, status, headers = run_wsgi_app(self.inner, environ, buffered=True)
        response = trouble(request, Response(b"".join(chunks), status, headers))
        if b"{told}" in response.get_data():
            response.set_data(response.get_data().replace(b"{told}", told.encode()))
        return response(environ, start_response)


def _told(request: Request) -> str:
    """All that we sent, as a careless server shows it on its page of an error."""
    lines = [f"{request.method} {request_uri(request.environ)}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    return json.dumps("\n".join(lines) + "\n" + request.get_data().decode("utf-8", "replace"))[1:-1]


def answering(status: int, body: str, content_type: str = "application/json") -> Trouble:
    """This instead of its own; `{told}` in the body is what we sent, as inside a JSON text."""
    return lambda _request, _response: Response(body, status, content_type=content_type)


def redirecting(elsewhere: str) -> Trouble:
    """To another host, with the whole of our address in the new one."""
    return lambda request, _: Response(
        "", 302, {"Location": f"{elsewhere}/collect?from={request_uri(request.environ)}"}
    )


def mistyped(_: Request, response: Response) -> Response:
    response.headers["Content-Type"] = "text/plain; charset=no-such-charset"
    return response


def miscoded(_: Request, response: Response) -> Response:
    response.set_data(response.get_data() + "Ёж".encode("cp1251"))
    return response


_ODATA = '{"odata.error": {"code": "%s", "message": {"lang": "ru", "value": "{told}"}}}'

REFUSALS = {
    "onec": answering(400, _ODATA % "-1"),
    "poster": answering(200, '{"error": {"code": 37, "message": "wrong: {told}"}}'),
    "saplab": answering(200, '{"status": "error", "text": "{told}"}'),
    "virtpos": answering(200, '{"success": 0, "info": "{told}"}'),
    "loyalclient": answering(422, '{"success": false, "phone": "{told}", "{told}": "wrong"}'),
}
"""Each in the system's own envelope."""


def refusing(request: Request, response: Response) -> Response:
    """The refusal of the system that was asked."""
    return REFUSALS[request.environ["sandbox.kind"]](request, response)


TOLD = {
    "told in a refusal of its own": refusing,
    "told in fields of the shop": answering(200, '{"email": "{told}", "{told}": "wrong"}'),
    "told by 1C's 403": answering(403, _ODATA % "20"),
    "told on a page of 500": answering(500, "<html><body>{told}</body></html>", "text/html"),
    "told by 1C's 500": answering(500, _ODATA % "-1"),
    "told on a page of 200": answering(200, "<html><body>{told}</body></html>", "text/html"),
    "told in plain text": answering(200, "{told}", "text/plain"),
    "told with 404": answering(404, '{"message": "{told}", "error": "{told}"}'),
    "told as another shape": answering(200, '{"{told}": ["{told}"]}'),
}
"""What a careless server tells of us, in every envelope."""


@dataclass
class Collector:
    """Another host that listens to whoever is sent there; `told` is all it heard."""

    told: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def listening(self) -> Iterator[str]:
        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            self.told.append(_told(Request(environ)))
            return Response("{}", content_type="application/json")(environ, start_response)

        from werkzeug.serving import make_server

        server = make_server("127.0.0.1", 0, app)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://localhost:{server.port}"
        finally:
            server.shutdown()
            thread.join(timeout=5)
            server.server_close()


@dataclass
class Troubled:
    """The running systems, what stands before each, and the environment in which an account finds its secret."""

    sandbox: Sandbox
    proxies: dict[str, Proxy]
    env: dict[str, str]
    first: dict[str, dict[str, Any]]
    """What each system held at the start."""

    def begin_anew(self) -> None:
        """Every system as it was at the start, without trouble."""
        for kind, world in self.sandbox.worlds.items():
            world.faults.clear()
            world.log.clear()
            world.load(self.first[kind])
            self.proxies[kind].trouble = None

    def accounts(self) -> dict[str, dict[str, Any]]:
        """As of the sandbox, but the secrets stand in the environment."""
        accounts = self.sandbox.accounts()
        for kind, (name, _) in ACCOUNTS.items():
            key, variable = VARIABLES[kind]
            accounts[name][key] = f"${{{variable}}}"
        return accounts

    def workspace(self, folder: Path, language: str = "en", **changes: Mapping[str, Any]) -> Path:
        """A workspace that points at the systems; `changes` are of its accounts, by name."""
        accounts = {name: {**line, **changes.get(name, {})} for name, line in self.accounts().items()}
        write_workspace(folder, accounts, language)
        return folder

    @contextlib.contextmanager
    def trouble(self, trouble: Trouble, on: Callable[[Request], bool] = lambda request: True) -> Iterator[None]:
        """Every system answers so, while inside."""
        for proxy in self.proxies.values():
            proxy.trouble, proxy.on = trouble, on
        try:
            yield
        finally:
            for proxy in self.proxies.values():
                proxy.trouble = None

    @contextlib.contextmanager
    def fault(self, fault: str, on: Iterable[tuple[str, str]] = (), **more: Any) -> Iterator[None]:
        """Every system suffers from it, while inside; only at these (kind, endpoint) where there are any."""
        places = list(on) or [(kind, "*") for kind in self.sandbox.worlds]
        for kind, endpoint in places:
            self.sandbox.worlds[kind].faults.add(Fault(endpoint=endpoint, fault=fault, **more))
        try:
            yield
        finally:
            for world in self.sandbox.worlds.values():
                world.faults.clear()

    def changing(self) -> set[tuple[str, str]]:
        """(kind, endpoint) of every call so far that was no GET."""
        logs = {kind: world.log.entries() for kind, world in self.sandbox.worlds.items()}
        return {(kind, entry.endpoint) for kind, entries in logs.items() for entry in entries if entry.verb != "GET"}


@contextlib.contextmanager
def troubled_systems(company: Company) -> Iterator[Troubled]:
    """The five systems of this company with `SECRETS`, listening while inside."""
    values = {name: secret.value for name, secret in zip(VARIABLES, SECRETS, strict=True)}
    with pytest.MonkeyPatch.context() as patch:
        for kind, places in PLACES.items():
            for module, name in places:
                patch.setattr(module, name, values[kind])
        sandbox = Sandbox(company=company)
        poster = sandbox.worlds["poster"]
        poster.state["account"]["token"] = poster.credentials["token"] = values["poster"]
        proxies = {kind: Proxy(kind, app.wsgi_app) for kind, app in sandbox.apps.items()}
        for kind, app in sandbox.apps.items():
            app.wsgi_app = proxies[kind]  # type: ignore[method-assign]
        env = {VARIABLES[kind][1]: value for kind, value in values.items()}
        first = {kind: world.dump() for kind, world in sandbox.worlds.items()}
        with sandbox:
            yield Troubled(sandbox, proxies, env, first)


@contextlib.contextmanager
def nobody() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{free.getsockname()[1]}"


def move_accounts(folder: Path, address: str) -> None:
    """Every account of the workspace at this address."""
    file = folder / "connector.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"http://127\.0\.0\.1:\d+", address, text), encoding="utf-8")


@contextlib.contextmanager
def untrusted(folder: Path) -> Iterator[str]:
    """The address of a TLS server whose certificate is of its own making; it must never be told anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(folder))
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
                    heard.append(tls.recv(1000))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://localhost:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)
    assert not any(heard), "something was sent to a host that nobody vouches for"


def self_signed(folder: Path) -> Path:
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    day, now = datetime.timedelta(days=1), datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - day).not_valid_after(now + day)
    certificate = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "localhost.pem"
    file.write_bytes(secret + certificate.public_bytes(pem))
    return file
