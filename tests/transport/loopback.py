"""A real server on loopback that answers each connection with exact bytes, and waiting that takes no time."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Sequence

SECRET = "S3CR3T-token-42"
HANG = b"<hang>"


class RawServer:
    """Answers the n-th connection with the n-th script (the last one again and again), then closes it.

    b"" closes without an answer; HANG keeps silent. `seen` holds the heads of the requests that arrived.
    """

    def __init__(self, scripts: Sequence[bytes]) -> None:
        self._scripts = list(scripts)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.seen: list[bytes] = []
        self._stop = threading.Event()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/api"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self._socket.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            self.seen.append(read_request(connection))
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            if script == HANG:
                self._stop.wait(5)
            elif script:
                connection.sendall(script)

    def close(self) -> None:
        self._stop.set()
        self._socket.close()


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


class Waiting:
    """Sleeps nothing and remembers how long it should have been; its clock moves by what was slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._start = time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def clock(self) -> float:
        return self._start + sum(self.slept)
