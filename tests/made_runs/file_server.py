"""A server of files on this machine, which stands for those of the world."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Serves `content` by path.

    `breaks_after` cuts the next answer off; `asked` lists path and range; `moved` leads from one
    path to another; `errors` are answered with their status. It says of each file what Hugging
    Face's hub says.
    """

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        self.errors: dict[str, int] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.breaks_after: int | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def do_HEAD(self) -> None:
                outer.answer(self, body=False)

            def log_message(self, *_: object) -> None:
                """Is quiet."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}"

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool = True) -> None:
        wanted, path = request.headers["Range"], request.path
        if body:
            self.asked.append((path, wanted))
        if path in self.moved:
            request.send_response(302)
            request.send_header("Location", self.moved[path])
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        content = self.content.get(path)
        start = int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted else 0
        if path in self.errors or content is None or (start and start >= len(content)):
            request.send_error(self.errors.get(path, 404 if content is None else 416))
            return
        request.send_response(206 if wanted else 200)
        if wanted:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - start))
        request.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        request.send_header("X-Repo-Commit", "0" * 40)
        request.end_headers()
        if body:
            cut, self.breaks_after = self.breaks_after, None
            request.wfile.write(content[start:][:cut])
        request.close_connection = True


@contextmanager
def serving() -> Iterator[Server]:
    """A server while it is entered."""
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()
