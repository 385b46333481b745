"""A restorer behind HTTP: `-r http://127.0.0.1:8000/restore?scale={scale}`.

One image is posted, one comes back.
"""

import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from harness.cards import plain_number
from harness.errors import ImageError, InputError, RestorationError
from harness.protocols import Conditions, Restorer
from restorers._arrays import Image
from restorers._placeholders import KNOWN, placeholders, told_card

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that another try may change."""


class EndpointRestorer(Restorer):
    """Posts a PNG of 8 bits as `image/png` and reads PNG, JPEG or WebP back.

    Redirects are not followed. Options stand behind a `#`, which is never sent:
    `http://host/restore#timeout=20,retries=1,name=mine`.

    Args:
        device: Not told to the server.
        path: The address. It may hold `{scale}`, `{sigma_255}`, `{quality}`.
    """

    scheme = "http"

    def __init__(self, *, path: str, device: str = "cpu") -> None:
        """Reads the address; nothing is sent yet.

        Raises:
            InputError: It is no address, or an option is not known.
        """
        self._url, _, options = f"{self.scheme}:{path}".partition("#")
        settings: dict[str, float | str] = {
            "timeout": 60.0,
            "retries": 2,
            "limit_mib": 256,
            "name": "",
        }
        for key, value in parse_qsl(options.replace(",", "&"), keep_blank_values=True):
            if key not in settings:
                raise InputError(
                    f"{self._url} has the option {key!r}; expected one of {', '.join(settings)}"
                )
            try:
                settings[key] = value if key == "name" else type(settings[key])(plain_number(value))
            except ValueError:
                raise InputError(f"{self._url}: {key} is {value!r}; expected a number") from None
        told, host = placeholders(self._url), urlsplit(self._url).hostname
        if not host or not set(told) <= set(KNOWN):
            raise InputError(
                f"{self._url} is no address of a restorer; expected {self.scheme}://HOST/PATH, "
                f"{KNOWN} in it"
            )
        self._timeout, self._retries = float(settings["timeout"]), int(settings["retries"])
        self._limit_mib = int(settings["limit_mib"])
        name, behind = str(settings["name"]) or host, f"what answers at {self._url}"
        self.card = told_card(name, told, self._url, behind)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W) to what the server returns, which has to be (C, scale * H, scale * W).

        Raises:
            RestorationError: The server does not answer, refuses, or returns no image.
        """
        from harness.images import read_image, write_image

        url = self._url.format(**{name: quote(str(getattr(conditions, name))) for name in KNOWN})
        with tempfile.TemporaryDirectory(prefix="restobench-") as folder:
            sent, received = Path(folder) / "sent.png", Path(folder) / "received"
            write_image(sent, image)
            received.write_bytes(self._post(url, sent.read_bytes()))
            try:
                return read_image(received, mode="rgb" if image.shape[0] == 3 else "grey")
            except ImageError as error:
                size = received.stat().st_size
                raise RestorationError(
                    f"{self.card.name} returned {size} bytes that are no image"
                ) from error

    def _post(self, url: str, body: bytes) -> bytes:
        headers = {"Content-Type": "image/png", "Accept": "image/png"}
        request = urllib.request.Request(url, body, headers)  # noqa: S310 - the scheme is fixed
        trouble, limit = "", self._limit_mib * 2**20
        for attempt in range(self._retries + 1):
            if attempt:
                time.sleep(0.2 * 2**attempt)
            try:
                with _OPENER.open(request, timeout=self._timeout) as answer:
                    content: bytes = answer.read(limit + 1)
                if len(content) > limit:
                    raise RestorationError(
                        f"{self.card.name} returned more than {self._limit_mib} MiB"
                    )
                return content
            except urllib.error.HTTPError as error:
                trouble = f"answered {error.code} {error.reason}"
                if error.code not in RETRIED:
                    break
            except OSError as error:  # refused, unreachable, timed out, closed half way
                reason = getattr(error, "reason", None) or error or type(error).__name__
                trouble = f"did not answer: {reason}"
        raise RestorationError(f"{self.card.name} {trouble} (after {attempt + 1} tries)")


class SecureEndpointRestorer(EndpointRestorer):
    """The same over TLS; the server's certificate is checked."""

    scheme = "https"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:
        """Another server is not the restorer that the user named."""


_OPENER = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler())
