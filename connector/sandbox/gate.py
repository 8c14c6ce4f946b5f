"""The gate in front of every emulator: faults strike here, requests are logged here, the control pages live here.

Control (JSON, no credentials: the sandbox listens on loopback only):

    POST   /_sandbox/faults    {endpoint, fault, count, skip, probability, seed, seconds, code, effect}
    GET    /_sandbox/faults    what is in force
    DELETE /_sandbox/faults    none any more
    GET    /_sandbox/requests  {total, requests: [{number, at, verb, path, endpoint, status, fault}]}
    DELETE /_sandbox/requests  begin counting anew
    GET    /_sandbox/state     what the system really holds, for tests and demonstrations
    POST   /_sandbox/clock     {advance: seconds}
    POST   /_sandbox/reset     back to the beginning
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response
from waitress.channel import ClientDisconnected
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request

from connector.sandbox.faults import Fault, fault_of

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from connector.sandbox.world import World

CONTROL: Final = "/_sandbox/"

_PAGE: Final = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"
_BEFORE: Final = frozenset({"throttle", "error", "html", "expired", "refuse"})


class Gate:
    """WSGI in, WSGI out. One request at a time enters the emulator: what it does is atomic."""

    def __init__(
        self,
        world: World,
        app: Flask,
        endpoint: Callable[[str, str], str],
        expired: Callable[[], Response],
        refused: Callable[[int], Response] | None,
    ) -> None:
        self._world, self._app, self._inner = world, app, app.wsgi_app
        self._endpoint, self._expired, self._refused = endpoint, expired, refused

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith(CONTROL):
            return Control(self._world)(request)(environ, start_response)
        endpoint = self._endpoint(request.method, request.path)
        fault = self._world.faults.take(endpoint)
        status = 0
        try:
            response = self._answer(environ, fault)
            status = response.status_code
        finally:
            kind = fault.fault if fault else None
            self._world.log.add(self._world.time(), (request.method, request.path, endpoint), status, kind)
        return response(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, fault: Fault | None) -> Response:
        if fault is None:
            return self._serve(environ)
        if fault.fault == "timeout_before":
            self._hang_up(fault)
        if fault.fault in _BEFORE:
            if fault.effect:
                self._serve(environ)
            return self._in_its_place(fault)
        if fault.fault == "latency":
            self._world.sleep(fault.seconds)
        response = self._serve(environ)
        if fault.fault == "timeout_after":
            self._hang_up(fault)
        return _cut(response) if fault.fault == "cut" else response

    def _serve(self, environ: WSGIEnvironment) -> Response:
        """The emulator's own answer, complete: nothing of it is produced after the lock is released."""
        with self._world.lock:
            return _complete(self._inner, environ)

    def _hang_up(self, fault: Fault) -> None:
        # waitress closes the connection without a byte when an application raises this before it answers
        self._world.sleep(fault.seconds)
        raise ClientDisconnected

    def _in_its_place(self, fault: Fault) -> Response:
        if fault.fault == "throttle":
            return Response(_PAGE.format("429 Too Many Requests"), 429, {"Retry-After": f"{math.ceil(fault.seconds)}"})
        if fault.fault == "error":
            return Response(_PAGE.format("500 Internal Server Error"), 500)
        if fault.fault == "html":
            return Response(_PAGE.format("Welcome"), 200)
        with self._app.app_context():
            if fault.fault == "refuse" and self._refused is not None:
                return self._refused(fault.code if fault.code is not None else 0)
            return self._expired()


def _complete(app: WSGIApplication, environ: WSGIEnvironment) -> Response:
    chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
    return Response(b"".join(chunks), status, headers)


def _cut(response: Response) -> Response:
    body = response.get_data()
    cut = Response(body[: len(body) // 2], response.status_code, response.headers)
    cut.automatically_set_content_length = False
    cut.headers["Content-Length"] = str(len(body))
    return cut


class Control:
    """The pages under `/_sandbox/`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: Request) -> Response:
        name = request.path.removeprefix(CONTROL)
        page = getattr(self, f"{request.method.lower()}_{name}", None)
        own = self._world.pages.get((request.method, name))
        try:
            if page is not None:
                return _json(page(request), 200)
            if own is not None:
                return _json(own(_object(request)), 200)
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        return _json({"error": f"no {request.method} {request.path} here"}, 404)

    def post_faults(self, request: Request) -> dict[str, Any]:
        self._world.faults.add(fault_of(json.loads(request.get_data())))
        return {"faults": self._world.faults.as_list()}

    def get_faults(self, _: Request) -> dict[str, Any]:
        return {"faults": self._world.faults.as_list()}

    def delete_faults(self, _: Request) -> dict[str, Any]:
        self._world.faults.clear()
        return {"faults": []}

    def get_requests(self, _: Request) -> dict[str, Any]:
        return {"total": self._world.log.total, "requests": self._world.log.as_list()}

    def delete_requests(self, _: Request) -> dict[str, Any]:
        self._world.log.clear()
        return {"total": 0, "requests": []}

    def get_state(self, _: Request) -> dict[str, Any]:
        return self._world.dump()

    def post_clock(self, request: Request) -> dict[str, Any]:
        seconds = _object(request).get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ValueError('say by how many seconds: {"advance": 60}')
        self._world.advance(seconds)
        return {"time": self._world.time()}

    def post_reset(self, _: Request) -> dict[str, Any]:
        self._world.reset()
        return {"reset": True}


def _object(request: Request) -> dict[str, Any]:
    body = json.loads(request.get_data() or "{}")
    if not isinstance(body, dict):
        raise ValueError("send a JSON object")
    return body


def _json(body: object, status: int) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json; charset=utf-8")
