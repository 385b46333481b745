"""One file from a server: whole, or as far as it came, to be gone on with."""

import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from harness.errors import InputError, UnavailableError

SECONDS = 60.0
CHUNK = 2**18

Told = Callable[[int, int | None], object]
"""Called with the bytes that are here, and how many the file has, if the server says so."""


def transfer(url: str, partial: Path, target: Path, told: Told | None = None) -> None:
    """Downloads a file; what broke off is gone on with where the server can do so.

    Args:
        url: `https://` or `http://`; redirects are followed.
        partial: Where it lies until it is whole; it stays when a download breaks off.
        target: Where it belongs.
        told: As `Told`.

    Raises:
        InputError: Another kind of address.
        UnavailableError: It cannot be reached, the server refuses, or the connection broke off.
    """
    try:
        with open_url(url, _rest(partial)) as response:
            total = _total(response)
            with partial.open("ab" if response.status == 206 else "wb") as file:
                while chunk := response.read(CHUNK):
                    file.write(chunk)
                    if told:
                        told(file.tell(), total)
    except urllib.error.HTTPError as error:
        if error.code == 416 and partial.is_file():
            # the server has nothing beyond what is here, which is not its beginning then
            partial.unlink()
            return transfer(url, partial, target, told)
        raise UnavailableError(f"{url} cannot be downloaded: {error}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise UnavailableError(
            f"{url} cannot be downloaded: {error}; the same command goes on from there"
        ) from error
    here = partial.stat().st_size
    if total is not None and here < total:
        raise UnavailableError(
            f"{url} cannot be downloaded: the connection broke off after {here} of {total} bytes; "
            "the same command goes on from there"
        )
    shutil.move(partial, target)
    return None


def size_of(url: str) -> int | None:
    """How many bytes a server says that a file has; `None` where it does not say."""
    try:
        with open_url(url, {}, method="HEAD") as response:
            length = response.headers.get("Content-Length", "")
            return int(length) if length.isdecimal() else None
    except (OSError, HTTPException, ValueError):
        return None


def open_url(url: str, headers: dict[str, str], method: str = "GET") -> HTTPResponse:
    """Asks a server.

    Raises:
        InputError: The address is of another kind.
        OSError: It cannot be reached, or refuses.
    """
    if not url.startswith(("https://", "http://")):
        raise InputError(
            f"{url} is no address that anything is downloaded from; expected https://..."
        )
    # S310: only http and https come here
    request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310
    opener = urllib.request.build_opener(_SameMethod)
    response: HTTPResponse = opener.open(request, timeout=SECONDS)
    return response


class _SameMethod(urllib.request.HTTPRedirectHandler):
    """Asks for no more than the size where it is led elsewhere; urllib would get the file."""

    def redirect_request(  # type: ignore[no-untyped-def]
        self, req, *answer
    ) -> urllib.request.Request | None:
        """The same question to another address."""
        following = super().redirect_request(req, *answer)
        if following is not None:
            following.method = req.get_method()
        return following


def _rest(partial: Path) -> dict[str, str]:
    have = partial.stat().st_size if partial.is_file() else 0
    return {"Range": f"bytes={have}-"} if have else {}


def _total(response: HTTPResponse) -> int | None:
    """How many bytes the whole file has."""
    whole = response.headers.get("Content-Range", "").rpartition("/")[2]
    total = whole or response.headers.get("Content-Length", "")
    return int(total) if total.isdecimal() else None
