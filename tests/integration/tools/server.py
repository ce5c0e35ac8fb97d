"""A real HTTP server on loopback that answers by path and remembers what it was asked."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Asked(NamedTuple):
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Server(ThreadingHTTPServer):
    """Answers by path; ``released`` lets the slow path go on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.released = threading.Event()
        self.elsewhere = ""

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self.server_address[1])

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """Return a full address."""
        return f"http://{host}:{self.port}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output clean."""

    def _answer(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(Asked(self.command, self.path, headers, body))
        path = self.path.partition("?")[0]
        if path == "/cut":
            self.connection.close()
        elif path == "/half":
            self._send(200, b"only a part", length=1000)
            self.close_connection = True
        elif path == "/slow":
            self.server.released.wait(10)
            self._send(200, b"late")
        else:
            self._known(path, body)

    def _known(self, path: str, body: bytes) -> None:
        away = {
            "/moved": (302, "/echo"),
            "/see": (303, "/echo"),
            "/same": (307, "/echo"),
            "/round": (302, "/round"),
            "/away": (302, self.server.elsewhere),
            "/same-away": (307, self.server.elsewhere),
            "/metal": (302, "http://169.254.169.254/latest"),
            "/file": (302, "file:///etc/passwd"),
        }
        if path in away:
            status, place = away[path]
            self._send(status, b"", location=place)
        elif path == "/json":
            self._send(200, b'{"a": [1]}', media="application/json; charset=utf-8")
        elif path == "/notjson":
            self._send(200, b"{oops", media="application/json")
        elif path == "/binary":
            self._send(200, b"\x00\xff", media="application/octet-stream")
        elif path == "/latin":
            self._send(200, "ü".encode("latin-1"), media="text/plain; charset=iso-8859-1")
        elif path == "/bomb":
            self._send(200, gzip.compress(b"x" * 3_000_000), encoding="gzip")
        elif path == "/badzip":
            self._send(200, b"not gzip", encoding="gzip")
        elif path == "/missing":
            self._send(404, b"no")
        else:
            text = {"method": self.command, "body": body.decode()}
            self._send(200, json.dumps(text).encode(), media="application/json")

    def _send(
        self,
        status: int,
        body: bytes,
        *,
        media: str = "text/plain",
        location: str = "",
        encoding: str = "",
        length: int | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if location:
            self.send_header("Location", location)
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server for as long as the block lasts."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
