"""A restorer behind HTTP: `-r http://127.0.0.1:8000/restore?scale={scale}`. One image is posted, one comes back."""

from __future__ import annotations

import io
import string
import tempfile
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from harness.protocols import Conditions, Restorer, RestorerCard

if TYPE_CHECKING:
    from harness.images import Image

KNOWN = ("scale", "sigma_255", "quality")
"""Conditions that the address may hold, as `{scale}`."""

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that another try may change."""


class EndpointRestorer(Restorer):
    """Posts a PNG of 8 bits as `image/png` and reads PNG, JPEG or WebP back. Redirects are not followed.

    Options stand behind a `#`, which is never sent:
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
        from harness.errors import InputError

        self._url, _, options = f"{self.scheme}:{path}".partition("#")
        settings: dict[str, Any] = {"timeout": 60.0, "retries": 2, "limit_mib": 256, "name": ""}
        for key, value in parse_qsl(options.replace(",", "&"), keep_blank_values=True):
            if key not in settings:
                raise InputError(
                    f"{self._url} has the option {key!r}; expected one of {', '.join(settings)}"
                )
            try:
                settings[key] = type(settings[key])(value)
            except ValueError:
                raise InputError(f"{self._url}: {key} is {value!r}; expected a number") from None
        fields = [name for _, name, _, _ in string.Formatter().parse(self._url) if name is not None]
        unknown = [name for name in fields if name not in KNOWN]
        if unknown or not urlsplit(self._url).hostname:
            raise InputError(
                f"{self._url} is no address of a restorer; expected {self.scheme}://HOST/PATH, "
                f"{KNOWN} in it"
            )
        self._timeout, self._retries = settings["timeout"], settings["retries"]
        self._limit = settings["limit_mib"] * 2**20
        self.card = RestorerCard(
            name=settings["name"] or str(urlsplit(self._url).hostname),
            scales=() if "scale" in fields else (1,),
            conditions=tuple(name for name in KNOWN if name in fields and name != "scale"),
            licence="unknown",
            source=self._url,
        )

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W) to what the server returns, which has to be (C, scale * H, scale * W).

        Raises:
            RestorationError: The server does not answer, refuses, or returns no image.
        """
        from harness.errors import ImageError, RestorationError
        from harness.images import read_image, to_uint8

        known = {name: quote(str(getattr(conditions, name))) for name in KNOWN}
        answer = self._post(self._url.format(**known), _png(to_uint8(image)))
        try:
            with tempfile.NamedTemporaryFile(prefix="restobench-") as file:
                file.write(answer)
                file.flush()
                return read_image(file.name, mode="rgb" if image.shape[0] == 3 else "grey")
        except ImageError as error:
            raise RestorationError(
                f"{self.card.name} returned {len(answer)} bytes that are no image"
            ) from error

    def _post(self, url: str, body: bytes) -> bytes:
        from harness.errors import RestorationError

        headers = {"Content-Type": "image/png", "Accept": "image/png"}
        request = urllib.request.Request(url, body, headers)  # noqa: S310 - the scheme is fixed
        trouble = ""
        for attempt in range(self._retries + 1):
            if attempt:
                time.sleep(0.2 * 2**attempt)
            try:
                with _OPENER.open(request, timeout=self._timeout) as answer:
                    content: bytes = answer.read(self._limit + 1)
                if len(content) > self._limit:
                    raise RestorationError(
                        f"{self.card.name} returned more than {self._limit // 2**20} MiB"
                    )
                return content
            except urllib.error.HTTPError as error:
                trouble = f"answered {error.code} {error.reason}"
                if error.code not in RETRIED:
                    break
            except OSError as error:  # refused, unreachable, timed out, closed half way
                trouble = f"did not answer: {getattr(error, 'reason', None) or error or type(error).__name__}"
        raise RestorationError(f"{self.card.name} {trouble} (after {attempt + 1} tries)")


class SecureEndpointRestorer(EndpointRestorer):
    """The same over TLS; the server's certificate is checked."""

    scheme = "https"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """Another server is not the restorer that the user named."""


_OPENER = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler())


def _png(pixels: Any) -> bytes:
    from PIL import Image as PillowImage

    buffer = io.BytesIO()
    picture = PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    picture.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
