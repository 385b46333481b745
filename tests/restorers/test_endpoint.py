"""A server as a restorer: answers, refusals, silence, floods."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image as PillowImage

from harness.errors import InputError, RestorationError
from harness.images import quantise
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer

IMAGE = quantise(np.random.default_rng(7).random((3, 5, 7), dtype=np.float32))


class Server(BaseHTTPRequestHandler):
    """`/scale/N` repeats pixels; the other paths misbehave."""

    tries = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        word, _, argument = self.path.strip("/").partition("/")
        type(self).tries += 1
        if word == "scale":
            image = PillowImage.open(io.BytesIO(body))
            answer = io.BytesIO()
            sides = [side * int(argument) for side in image.size]
            image.resize(sides, PillowImage.Resampling.NEAREST).save(answer, "PNG")
            self.answer(200, answer.getvalue())
        elif word == "flaky":
            self.answer(503 if self.tries < 2 else 200, body)
        elif word == "silent":
            time.sleep(1)
        elif word == "flood":
            self.answer(200, bytes(2**20 + 1))
        elif word == "redirect":
            self.send_response(302)
            self.send_header("Location", "/scale/1")
            self.end_headers()
        else:
            self.answer(int(argument or 200), b"no image")

    def answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keeps quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    Server.tries = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("channels", [1, 3])
def test_one_image_is_posted_and_one_comes_back(server: str, channels: int) -> None:
    restorer = build_restorer(parse_restorer(f"{server}/scale/{{scale}}#name=remote"))
    assert (restorer.card.name, restorer.card.scales) == ("remote", ())
    restored = restore_image(restorer, IMAGE[:channels], Conditions(scale=2))
    assert np.array_equal(restored, IMAGE[:channels].repeat(2, 1).repeat(2, 2))


def test_a_server_that_is_busy_is_asked_again(server: str) -> None:
    restorer = build_restorer(parse_restorer(f"{server}/flaky"))
    assert np.array_equal(restore_image(restorer, IMAGE, Conditions()), IMAGE)
    assert Server.tries == 2


@pytest.mark.parametrize(
    ("path", "message", "tries"),
    [
        ("answer/400", r"answered 400 Bad Request \(after 1 tries\)", 1),
        ("answer/500#retries=1", r"answered 500 .*\(after 2 tries\)", 2),
        ("answer", "returned 8 bytes that are no image", 1),
        ("silent#timeout=0.1,retries=0", "did not answer: timed out", 1),
        ("flood#limit_mib=1", "returned more than 1 MiB", 1),
        ("redirect", "answered 302 Found", 1),
        ("scale/2", r"returned shape \(3, 10, 14\); expected \(3, 5, 7\)", 1),
    ],
)
def test_what_goes_wrong_is_typed(server: str, path: str, message: str, tries: int) -> None:
    restorer = build_restorer(parse_restorer(f"{server}/{path}"))
    with pytest.raises(RestorationError, match=message):
        restore_image(restorer, IMAGE, Conditions())
    assert Server.tries == tries


def test_nobody_listens() -> None:
    restorer = build_restorer(parse_restorer("http://127.0.0.1:9/#retries=0"))
    with pytest.raises(RestorationError, match=r"127\.0\.0\.1 did not answer: .*refused"):
        restore_image(restorer, IMAGE, Conditions())


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http:restore", "is no address of a restorer"),
        ("http://host/{secret}", "is no address of a restorer"),
        ("https://host/#speed=9", "has the option 'speed'; expected one of timeout, retries"),
        ("https://host/#retries=many", "retries is 'many'; expected a number"),
    ],
)
def test_an_address_that_makes_no_sense(address: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_restorer(parse_restorer(address))
