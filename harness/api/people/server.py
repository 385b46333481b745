"""A small server for a study in one room: its files, and a place to send votes to."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import socket
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from harness.atomic import atomic_file
from harness.errors import InputError
from harness.people.study import Study, Trial
from harness.people.votes_file import MOST_BYTES, Ballot, parse_ballot

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
}
_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
_STUDY = re.compile(r"[0-9a-f]{12}")
_TOKEN = re.compile(r"[\w-]{22}", re.ASCII)
_PATIENCE_SECONDS = 15
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class StudyServer(ThreadingHTTPServer):
    """Serves the files of a study that were there when it started, and takes votes.

    Votes are taken with the token of their session, which is in the observer's link; each session
    has one file, which a later one of the same observer replaces. Nothing is listed, nothing of a
    request becomes a path, and requests for another host than it serves are refused.

    Args:
        folder: What `restobench study make` wrote.
        votes: Folder for votes files, and for the tokens of the study's links: another start reads
            them again. Made if need be.
        host: Address to listen on.
        port: 0: any that is free.

    Attributes:
        links: One for each session.

    Raises:
        InputError: The folder is no study, its tokens are damaged, or the address cannot be used
            or is all of this machine's at once.
        OSError: The folder for votes cannot be written.
    """

    daemon_threads = True

    def __init__(self, folder: Path, votes: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self.study, self.address_family = _read_page(folder), _family(host)
        self.votes = votes
        self.files = _files(folder)
        self.tokens = _tokens(self.votes / f"{self.study.id}.tokens", len(self.study.sessions))
        self.writing = threading.Lock()
        self.observers: dict[int, str] = {}
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise InputError(
                f"{host} port {port} cannot be listened on ({error.strerror}): give another --port,"
                " or the --host that this machine has"
            ) from None
        named, port = f"[{host}]" if ":" in host else host, self.server_address[1]
        self.host = f"{named}:{port}"
        known = (named.lower(), "localhost")
        self.hosts = {f"{name}:{port}" for name in known} | {name for name in known if port == 80}
        self.links = [
            f"http://{self.host}/#session={number}&token={token}"
            for number, token in enumerate(self.tokens, 1)
        ]

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing of a browser that has gone away; what else went wrong is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def session_of(self, token: str) -> int | None:
        """The session of a token, in a time that tells nothing of it."""
        found = None
        for number, known in enumerate(self.tokens):
            if hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")):
                found = number
        return found


def _read_page(folder: Path) -> Study:
    """The study as far as its page tells: how many trials each session has, and not of what."""
    try:
        found = _DATA.search((folder / "index.html").read_text(encoding="utf-8"))
        told = json.loads(found[1]) if found else {}
        if not _STUDY.fullmatch(told["id"]):  # it names a file
            raise ValueError
        unknown = Trial("pair", "", "", "", "")
        sessions = tuple((unknown,) * len(session) for session in told["sessions"])
        return Study(told["id"], secret="", run="", made="", sessions=sessions)
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"{folder} is no study: expected a folder that `restobench study make` wrote"
        ) from None


def _family(host: str) -> socket.AddressFamily:
    """That of an address or name of this machine; every address at once has no name."""
    try:
        family, *_, found = socket.getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        told = getattr(error, "strerror", None) or error
        raise InputError(f"--host {host!r} is no address of this machine: {told}") from None
    if ip_address(str(found[0]).partition("%")[0]).is_unspecified:
        raise InputError(
            f"--host {host!r} is every address at once: give the one that the observers' browsers "
            "reach, such as 192.168.1.20, for links and checks name it"
        )
    return family


def _tokens(path: Path, sessions: int) -> list[str]:
    """The tokens of the last start, or new ones, in a file for its owner alone."""
    if path.is_file():
        found = path.read_text(encoding="ascii", errors="replace").split()
        if len(found) != sessions or not all(map(_TOKEN.fullmatch, found)):
            raise InputError(
                f"{path} is damaged: expected {sessions} tokens; without it new links are made"
            )
        return found
    found = [secrets.token_urlsafe(16) for _ in range(sessions)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as partial:
        partial.touch(0o600, exist_ok=False)
        partial.write_text("\n".join(found) + "\n", encoding="ascii")
    return found


def _files(folder: Path) -> Mapping[str, Path]:
    """Address -> file, of what a study has; a link is not followed."""
    found = {
        f"/{path.relative_to(folder).as_posix()}": path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.suffix in _TYPES
    }
    return {**found, "/": folder / "index.html"}


class _Handler(BaseHTTPRequestHandler):
    server: StudyServer
    protocol_version = "HTTP/1.0"
    server_version, sys_version = "restobench", ""
    timeout = _PATIENCE_SECONDS

    def do_GET(self) -> None:
        """One of the study's files."""
        path = self.server.files.get(self.path.partition("?")[0])
        if not self._is_for_us():
            return
        if path is None:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        try:
            content = path.read_bytes()
        except OSError:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        self._answer(HTTPStatus.OK, content, _TYPES[path.suffix])

    def do_POST(self) -> None:
        """Votes."""
        if not self._is_for_us():
            return
        if self.path != "/votes":
            self._answer(HTTPStatus.NOT_FOUND)
            return
        said = self.headers.get("Authorization", "")
        session = self.server.session_of(said.removeprefix("Bearer "))
        if session is None:
            self._answer(HTTPStatus.FORBIDDEN)
            return
        length = self.headers.get("Content-Length", "")
        # so many digits that Python would not read them are a length as well
        if not length.isdecimal() or len(length) > 9 or int(length) > MOST_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        try:
            content = self.rfile.read(int(length))
        except OSError:  # it took longer than the patience
            return
        self._answer(self._keep(session, content))

    def _keep(self, session: int, content: bytes) -> HTTPStatus:
        """Keeps votes that pass the checks of `restobench votes`."""
        ballot = self._read(Path("votes"), content)
        if ballot is None or ballot.session != session:
            return HTTPStatus.BAD_REQUEST
        observer = ballot.observer
        with self.server.writing:
            if self.server.observers.setdefault(session, observer) != observer:
                return HTTPStatus.CONFLICT
            # after another start the same session may have another observer
            place = self.server.votes / f"{ballot.study}-{session}-{observer}.json"
            kept = self._read(place, place.read_bytes()) if place.is_file() else None
            if kept and len(ballot.votes) < len(kept.votes):  # an earlier state of the same page
                return HTTPStatus.CONFLICT
            self.server.votes.mkdir(parents=True, exist_ok=True)
            with atomic_file(place) as partial:
                partial.write_bytes(content)
        return HTTPStatus.NO_CONTENT

    def _read(self, path: Path, content: bytes) -> Ballot | None:
        try:
            return parse_ballot(path, content, {self.server.study.id: self.server.study})
        except InputError:
            return None

    def _is_for_us(self) -> bool:
        """Whether the request names this host: a page elsewhere may have its name lead here."""
        if self.headers.get("Host", "").lower() in self.server.hosts:
            return True
        self._answer(HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _answer(self, status: HTTPStatus, content: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status is not HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: who asked for what is nobody's business."""
