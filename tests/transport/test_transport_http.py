"""What happens to a call on the wire, on real sockets: cut answers, silence, closed doors, redirects, limits."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import logging
import socket
import ssl
import threading
import traceback
from decimal import Decimal
from email.utils import formatdate

import pytest
import responses

from connector.errors import (
    BrokenAnswer,
    ConfigError,
    ConnectorError,
    Forbidden,
    Invalid,
    Missing,
    OutcomeUnknown,
    Throttled,
    Unavailable,
)
from connector.transport.auth import Basic, FormKey, HeaderKey, NoAuth
from connector.transport.http import Request, Transport
from transport.loopback import HANG, SECRET, answer, read_request

OK = answer(b'{"sum": 12345678901234567.89}')
READ = Request(endpoint="clients.getClients", path="/clients.getClients", query={"num": 2})
WRITE = Request(endpoint="clients.create", path="/create", verb="POST", form={"a": "б"}, is_write=True, repeat="verify")


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class TestReads:
    def test_answer_keeps_every_digit(self, serve, wire):
        assert wire(serve(OK).url).send(READ).json() == {"sum": Decimal("12345678901234567.89")}

    @pytest.mark.parametrize("first", [b"", HANG, answer(b"{}", length=50), answer(b"", "503 Busy")])
    def test_lost_answer_is_asked_again(self, serve, wire, first):
        server = serve(first, OK)
        transport = wire(server.url)
        assert transport.send(READ).status == 200
        assert len(server.seen) == transport.sent == 2

    @pytest.mark.parametrize(
        ("script", "error"),
        [
            (b"", Unavailable),
            (HANG, Unavailable),
            (answer(b"", "500 Oops"), Unavailable),
            (answer(b'{"a": 1', length=50), BrokenAnswer),
            (answer(b"not gzip", "200 OK", "Content-Encoding: gzip"), BrokenAnswer),
            (answer(b"", "429 Too Many"), Throttled),
        ],
    )
    def test_gives_up_after_its_attempts(self, serve, wire, script, error):
        server = serve(script)
        with pytest.raises(error):
            wire(server.url).send(READ)
        assert len(server.seen) == 3

    def test_waits_longer_each_time(self, serve, wire, waiting):
        with pytest.raises(Unavailable):
            wire(serve(b"").url, attempts=4).send(READ)
        assert waiting.slept == [1.0, 2.0, 4.0]

    def test_gzip_is_unpacked(self, serve, wire):
        server = serve(answer(gzip.compress(b'{"a": 1}'), "200 OK", "Content-Encoding: gzip"))
        assert wire(server.url).send(READ).json() == {"a": 1}

    def test_client_errors_are_answers(self, serve, wire):
        server = serve(answer(b'{"phone": "taken"}', "422 Unprocessable"))
        response = wire(server.url).send(READ)
        assert (response.status, response.json(), len(server.seen)) == (422, {"phone": "taken"}, 1)

    @pytest.mark.parametrize(("status", "error"), [(401, Forbidden), (403, Forbidden), (404, Missing), (418, Invalid)])
    def test_status_error(self, serve, wire, status, error):
        response = wire(serve(answer(b"", f"{status} No")).url).send(READ)
        assert type(response.status_error()) is error

    def test_answer_above_the_limit_is_refused(self, serve, wire):
        with pytest.raises(BrokenAnswer, match="longer than 100 bytes"):
            wire(serve(answer(b"x" * 101)).url, max_bytes=100).send(READ)

    def test_unpacked_size_counts(self, serve, wire):
        bomb = gzip.compress(b"0" * 5_000_000)
        with pytest.raises(BrokenAnswer, match="longer than"):
            wire(serve(answer(bomb, "200 OK", "Content-Encoding: gzip")).url, max_bytes=100_000).send(READ)


class TestWrites:
    @pytest.mark.parametrize(
        "script",
        [
            b"",
            HANG,
            answer(b'{"status":', length=50),
            answer(b"", "500 Oops"),
            answer(b"<html>", "502 Bad Gateway"),
            answer(b"", "303 See Other", "Location: /api/other"),
            answer(b"not gzip", "200 OK", "Content-Encoding: gzip"),
        ],
    )
    @pytest.mark.parametrize("repeat", ["same", "verify", "never"])
    def test_no_usable_answer_means_nobody_knows(self, serve, wire, script, repeat):
        server = serve(script)
        request = Request(endpoint="x", path="/x", verb="POST", form={}, is_write=True, repeat=repeat)
        with pytest.raises(OutcomeUnknown):
            wire(server.url).send(request)
        assert len(server.seen) == 1

    def test_state_changing_get_is_sent_once(self, serve, wire):
        server = serve(b"")
        with pytest.raises(OutcomeUnknown):
            wire(server.url).send(Request(endpoint="pay", path="/pay/20", is_write=True, repeat="never"))
        assert len(server.seen) == 1

    def test_unreadable_answer_of_a_done_write_means_nobody_knows(self, serve, wire):
        response = wire(serve(answer(b"<html>login</html>")).url).send(WRITE)
        with pytest.raises(OutcomeUnknown):
            response.json()

    def test_refusal_told_in_a_500_is_an_answer(self, serve, wire):
        request = Request(
            endpoint="x", path="/x", verb="POST", is_write=True, understood=lambda r: b"odata.error" in r.body
        )
        assert wire(serve(answer(b'{"odata.error": 1}', "500 Oops")).url).send(request).status == 500

    def test_throttled_write_was_not_done_and_is_sent_again(self, serve, wire, waiting):
        server = serve(answer(b"", "429 Slow", "Retry-After: 7"), OK)
        assert wire(server.url).send(WRITE).status == 200
        assert waiting.slept[0] == 7

    def test_a_call_that_must_never_be_repeated_is_not(self, serve, wire):
        server = serve(answer(b"", "429 Slow"))
        request = Request(endpoint="pay", path="/pay", is_write=True, repeat="never")
        with pytest.raises(Throttled):
            wire(server.url).send(request)
        assert len(server.seen) == 1

    def test_nothing_was_sent_through_a_closed_door(self, wire):
        transport = wire(f"http://127.0.0.1:{closed_port()}/")
        with pytest.raises(Unavailable, match="refused"):
            transport.send(WRITE)

    def test_unknown_host_is_no_unknown_outcome(self, wire):
        with pytest.raises(Unavailable, match="no such host"):
            wire("http://no-such-host.invalid").send(WRITE)


class TestIdleConnections:
    """A server closes a connection that was idle; a write that leaves on it at that moment would be unknown."""

    def test_a_write_after_a_pause_leaves_on_a_fresh_connection(self, wire, waiting):
        with socket.create_server(("127.0.0.1", 0)) as server:
            connections = []

            def answer_first_only():
                with contextlib.suppress(OSError):
                    while True:
                        connections.append(server.accept()[0])
                        threading.Thread(target=answer_one, args=(connections[-1],), daemon=True).start()

            def answer_one(connection):
                with connection:
                    read_request(connection)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                    connection.recv(65536)  # the next request on it gets no answer

            threading.Thread(target=answer_first_only, daemon=True).start()
            transport = wire(f"http://127.0.0.1:{server.getsockname()[1]}", attempts=1)
            transport.send(READ)
            waiting.sleep(30)
            assert transport.send(WRITE).status == 200
            assert len(connections) == 2
            with pytest.raises(OutcomeUnknown):
                transport.send(WRITE)


class TestPatience:
    def test_retry_after_as_a_date(self, serve, wire, waiting):
        server = serve(answer(b"", "429 Slow", f"Retry-After: {formatdate(1_000_030, usegmt=True)}"), OK)
        wire(server.url, now=lambda: 1_000_000.0).send(READ)
        assert waiting.slept[0] == 30

    def test_a_wait_that_is_too_long_is_handed_on(self, serve, wire, waiting):
        with pytest.raises(Throttled) as caught:
            wire(serve(answer(b"", "429 Slow", "Retry-After: 3600")).url).send(READ)
        assert caught.value.after == 3600
        assert waiting.slept == []

    def test_every_attempt_waits_for_its_turn(self, serve, wire, waiting):
        with pytest.raises(Unavailable):
            wire(serve(b"").url, rate=0.1, attempts=3).send(READ)
        assert waiting.clock() - waiting._start >= 20, "three attempts at one in ten seconds"

    def test_strain_slows_the_account_down_and_answers_speed_it_up(self, serve, wire):
        transport = wire(serve(answer(b"", "500 Oops"), OK).url, rate=8.0, attempts=1)
        with pytest.raises(Unavailable):
            transport.send(READ)
        assert transport.rate.current == 4.0
        transport.send(READ)
        assert 4.0 < transport.rate.current < 8.0


class TestSecrets:
    @pytest.mark.parametrize(
        "script", [b"", HANG, answer(b"{", length=9), answer(b"", "500 No"), answer(b"", "429 No")]
    )
    @pytest.mark.parametrize("request_", [READ, WRITE])
    def test_neither_logs_nor_exceptions_hold_the_key_or_the_address(self, serve, wire, caplog, script, request_):
        caplog.set_level(logging.DEBUG)
        with pytest.raises(ConnectorError) as caught:
            wire(serve(script).url).send(request_)
        told = caplog.text + "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
        assert SECRET not in told
        assert "token=" not in told
        assert "127.0.0.1" not in told
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None

    def test_a_closed_door_tells_no_address(self, wire, caplog):
        caplog.set_level(logging.DEBUG)
        with pytest.raises(Unavailable) as caught:
            wire(f"http://127.0.0.1:{closed_port()}").send(READ)
        assert SECRET not in caplog.text + str(caught.value)
        assert caught.value.__context__ is None

    def test_requests_and_answers_show_no_content(self, serve, wire):
        response = wire(serve(answer(b'{"phone": "+79991234567"}')).url).send(READ)
        assert repr(response) == "Response('clients.getClients', 200, 25 bytes)"
        assert repr(WRITE) == "Request('clients.create', POST, verify)"

    def test_environment_has_no_say(self, serve, wire, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert wire(serve(OK).url).send(READ).status == 200


class TestAddress:
    @pytest.mark.parametrize(
        ("url", "insecure"),
        [
            ("http://shop.example", False),
            ("http://127.0.0.1:8080", False),
            ("ftp://shop.example", True),
            ("https://login:pa55word@shop.example", True),
            ("https://shop.example/?token=1", True),
            ("shop.example", True),
        ],
    )
    def test_address_is_refused_before_anything_is_sent(self, url, insecure):
        with pytest.raises(ConfigError) as caught:
            Transport("kafe", url, insecure=insecure)
        assert "pa55word" not in str(caught.value)

    @responses.activate
    def test_certificate_is_always_verified(self):
        responses.get("https://shop.example/api/x", json={})
        Transport("kafe", "https://shop.example/api").send(Request(endpoint="x", path="/x"))
        assert responses.calls[0].request.req_kwargs["verify"] is True

    def test_read_follows_within_the_host_and_keeps_its_key(self, serve, wire):
        server = serve(answer(b"", "301 Moved", "Location: /api/new/"), OK)
        assert wire(server.url).send(READ).status == 200
        assert server.seen[1].startswith(b"GET /api/new/?num=2&token=")

    @pytest.mark.parametrize("place", ["http://127.0.0.1:1/api", "https://evil.example/", "//evil.example/x"])
    def test_read_does_not_go_elsewhere(self, serve, wire, place):
        server = serve(answer(b"", "302 Found", f"Location: {place}"))
        with pytest.raises(BrokenAnswer, match="another address"):
            wire(server.url).send(READ)
        assert len(server.seen) == 1

    def test_write_is_not_sent_on_even_within_the_host(self, serve, wire):
        server = serve(answer(b"", "307 Moved", "Location: /api/new"))
        with pytest.raises(BrokenAnswer):
            wire(server.url).send(WRITE)
        assert len(server.seen) == 1

    def test_endless_redirects_end(self, serve, wire):
        with pytest.raises(BrokenAnswer):
            wire(serve(answer(b"", "302 Found", "Location: /api/again")).url).send(READ)


class TestCredentials:
    def test_form_key_goes_into_the_body(self, serve, wire):
        server = serve(OK)
        wire(server.url, auth=FormKey("apikey", SECRET)).send(WRITE)
        head, _, body = server.seen[0].partition(b"\r\n\r\n")
        assert body == f"a=%D0%B1&apikey={SECRET}".encode()
        assert SECRET.encode() not in head

    def test_header_key(self, serve, wire):
        server = serve(OK)
        wire(server.url, auth=HeaderKey("apikey", SECRET)).send(READ)
        assert f"\r\napikey: {SECRET}\r\n".encode() in server.seen[0]

    def test_cyrillic_basic(self, serve, wire):
        server = serve(OK)
        wire(server.url, auth=Basic("Робот", "пароль")).send(READ)
        assert b"Authorization: Basic 0KDQvtCx0L7RgjrQv9Cw0YDQvtC70Yw=" in server.seen[0]

    def test_cookies_of_the_remote_are_not_kept(self, serve, wire):
        server = serve(answer(b"{}", "200 OK", "Set-Cookie: sid=1; path=/"), OK)
        transport = wire(server.url, auth=NoAuth())
        transport.send(READ)
        transport.send(READ)
        assert b"cookie" not in server.seen[1].lower()


class TestReadAhead:
    @responses.activate
    @pytest.mark.parametrize("workers", [1, 3])
    def test_pages_come_in_order_whatever_their_speed(self, workers):
        for page in range(20):
            responses.get(f"https://shop.example/{page}", json=page)
        transport = Transport("shop", "https://shop.example", concurrency=workers)
        pages = transport.fetch_ahead(Request(endpoint="p", path=f"/{page}") for page in range(20))
        assert [page.json() for page in pages] == list(range(20))
        assert transport.sent == 20

    @responses.activate
    def test_reads_no_further_ahead_than_twice_its_workers(self):
        responses.get("https://shop.example/x", json={})
        asked = 0

        def requests():
            nonlocal asked
            for _ in range(100):
                asked += 1
                yield Request(endpoint="x", path="/x")

        pages = Transport("shop", "https://shop.example", concurrency=2).fetch_ahead(requests())
        next(pages)
        assert asked == 4
        pages.close()
        assert asked == 4

    @responses.activate
    def test_error_is_raised_in_its_place(self):
        for page in range(6):
            responses.get(
                f"https://shop.example/{page}", body="{}" if page != 3 else "", status=200 if page != 3 else 500
            )
        transport = Transport("shop", "https://shop.example", concurrency=2, sleep=lambda _: None)
        seen = []
        with pytest.raises(Unavailable):
            for page in transport.fetch_ahead(Request(endpoint=str(n), path=f"/{n}") for n in range(6)):
                seen.append(page.endpoint)
        assert seen == ["0", "1", "2"]

    def test_no_more_calls_at_once_than_the_account_allows(self, serve, wire):
        server = serve(OK)
        busy, most = 0, 0
        lock = threading.Lock()
        transport = wire(server.url, concurrency=2)
        send = transport._session.send

        def counted(*args, **kwargs):
            nonlocal busy, most
            with lock:
                busy += 1
                most = max(most, busy)
            try:
                return send(*args, **kwargs)
            finally:
                with lock:
                    busy -= 1

        transport._session.send = counted
        threads = [threading.Thread(target=transport.send, args=(READ,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert most <= 2


class TestStream:
    def test_read_like_a_file(self, serve, wire):
        with wire(serve(answer(b"a" * 200_000)).url).stream(READ) as body:
            parts = list(iter(lambda: body.read(1000), b""))
        assert sum(map(len, parts)) == 200_000
        assert max(map(len, parts)) <= 1000

    def test_a_break_is_an_error_and_not_an_end(self, serve, wire):
        with pytest.raises(BrokenAnswer), wire(serve(answer(b"a" * 100, length=200)).url).stream(READ) as body:
            body.read()

    def test_limit(self, serve, wire):
        with pytest.raises(BrokenAnswer), wire(serve(answer(b"a" * 100)).url, max_bytes=50).stream(READ) as body:
            body.read()

    def test_refusal(self, serve, wire):
        with pytest.raises(Forbidden), wire(serve(answer(b"", "403 No")).url).stream(READ):
            pass

    def test_write_is_not_streamed(self, serve, wire):
        with pytest.raises(ValueError, match="only a read"), wire(serve(OK).url).stream(WRITE):
            pass


class TestTls:
    def test_a_certificate_nobody_vouches_for_is_refused_and_nothing_is_sent(self, tmp_path, caplog):
        caplog.set_level(logging.DEBUG)
        server, seen = tls_server(tmp_path)
        with server, pytest.raises(BrokenAnswer, match="certificate is not trusted") as caught:
            port = server.getsockname()[1]
            Transport("kafe", f"https://localhost:{port}", auth=HeaderKey("apikey", SECRET), timeout=2).send(WRITE)
        assert seen == []
        assert caught.value.__context__ is None


def tls_server(folder):
    """A listening TLS socket with a certificate of its own making, and what it has received."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(folder))
    server, seen = socket.create_server(("127.0.0.1", 0)), []

    def run():
        connection, _ = server.accept()
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            seen.append(secure.recv(10))

    threading.Thread(target=run, daemon=True).start()
    return server, seen


def self_signed(folder):
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - day).not_valid_after(now + day)
    certificate = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "localhost.pem"
    file.write_bytes(secret + certificate.public_bytes(pem))
    return file
