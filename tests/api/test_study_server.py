"""The server of a study: tokens, limits, and nothing but its own files."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

from harness.api.people.server import StudyServer
from harness.errors import InputError
from harness.people.votes_file import MOST_BYTES, write_ballot

SESSIONS = [[[f"{session}-{place}", "x", "y", ""] for place in range(3)] for session in range(2)]
STUDY = "0123456789ab"
TOLD = json.dumps({"id": STUDY, "sessions": SESSIONS})
DATA = f'<script type="application/json" id="data">{TOLD}</script>'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StudyServer]:
    folder = tmp_path / "page"
    (folder / "static").mkdir(parents=True)
    (folder / "index.html").write_text(DATA)
    (folder / "static" / "study.js").write_text("1")
    (folder / "notes.txt").write_text("not for them")
    (tmp_path / "secret.html").write_text("secret")
    (folder / "link.html").symlink_to(tmp_path / "secret.html")
    with StudyServer(folder, tmp_path / "votes") as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def ask(
    server: StudyServer,
    method: str,
    path: str,
    body: bytes | None = None,
    token: str | None = None,
    **headers: str,
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def ballot(votes: int = 0, observer: str = "0" * 16, session: int = 0, **changes: object) -> bytes:
    """As the page sends it, then changed."""
    with NamedTemporaryFile() as file:
        said = [(f"{session}-{place}", "left", 900) for place in range(votes)]
        write_ballot(Path(file.name), STUDY, session, observer, said)  # type: ignore[arg-type]
        return json.dumps({**json.load(file), **changes}).encode()


def kept(server: StudyServer) -> list[int]:
    """How many votes each file has that the server keeps."""
    files = sorted(server.votes.glob("*.json"))
    return [len(json.loads(path.read_text())["votes"]) for path in files]


def test_only_the_studys_own_files_are_served(server: StudyServer) -> None:
    assert ask(server, "GET", "/")[0] == 200
    assert ask(server, "GET", "/static/study.js") == (200, b"1")
    for path in (
        "/notes.txt", "/link.html", "/static", "/static/", "/../secret.html", "/%2e%2e/secret.html",
        "//etc/passwd", "/votes", "/index.html/x",
    ):  # fmt: skip
        assert ask(server, "GET", path)[0] == 404, path


def test_votes_need_the_token_of_their_session(server: StudyServer) -> None:
    own, other = server.tokens
    assert ask(server, "POST", "/votes", ballot())[0] == 403
    assert ask(server, "POST", "/votes", ballot(), token=other[::-1])[0] == 403
    assert ask(server, "POST", "/votes", ballot(), token=other)[0] == 400
    assert kept(server) == []
    assert ask(server, "POST", "/votes", ballot(), token=own)[0] == 204
    [path] = server.votes.glob("*.json")
    assert path.name == f"0123456789ab-0-{'0' * 16}.json"
    # the same observer may send again, nobody else for this session
    assert ask(server, "POST", "/votes", ballot(1), token=own)[0] == 204
    assert ask(server, "POST", "/votes", ballot(observer="1" * 16), token=own)[0] == 409
    assert kept(server) == [1]
    assert ask(server, "POST", "/votes", ballot(), token=own)[0] == 409, "an earlier state"
    assert kept(server) == [1]


def test_another_start_loses_nobodys_votes(server: StudyServer) -> None:
    assert ask(server, "POST", "/votes", ballot(2), token=server.tokens[0])[0] == 204
    server.observers.clear()  # as after another start
    second = ballot(1, observer="1" * 16)
    assert ask(server, "POST", "/votes", second, token=server.tokens[0])[0] == 204
    assert kept(server) == [2, 1]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"[" * 100_000, ballot(study="../../etc"), ballot(observer="../x"),
        ballot(session="0"), ballot(schema="x"), ballot(2)[:-9], ballot(2, scale=3),
        ballot(2).replace(b"left", b"right", 1), ballot(1).replace(b"0-0", b"0-1"),
        ballot(4), ballot(2, session=1), ballot(1, check="x"),
        ballot(1).replace(b'"0-0"', b'"\\ud800"'),
    ],
)  # fmt: skip
def test_what_is_no_votes_file_is_refused(server: StudyServer, body: bytes) -> None:
    assert ask(server, "POST", "/votes", body, token=server.tokens[0])[0] == 400
    assert kept(server) == []
    # and it takes nobody's place
    sound = ballot(3, observer="2" * 16)
    assert ask(server, "POST", "/votes", sound, token=server.tokens[0])[0] == 204
    assert kept(server) == [3]


def test_what_is_too_large_is_not_read(server: StudyServer) -> None:
    headers = {"Content-Length": str(MOST_BYTES + 1)}
    assert ask(server, "POST", "/votes", b"", token=server.tokens[0], **headers)[0] == 413
    for length in ("-1", "9" * 5000, "", "0x10"):
        headers = {"Content-Length": length}
        assert ask(server, "POST", "/votes", b"", token=server.tokens[0], **headers)[0] == 413


def test_another_host_is_refused(server: StudyServer) -> None:
    assert ask(server, "GET", "/", Host="rebound.example")[0] == 421
    assert ask(server, "POST", "/votes", ballot(), token=server.tokens[0], Host="x")[0] == 421


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("0", "every address at once"), ("::", "every address at once"),
        ("", "every address at once"), ("192.0.2.1", "cannot be listened on"),
        ("a..b", "is no address of this machine"),
    ],
)  # fmt: skip
def test_an_address_that_browsers_cannot_name_is_refused(
    host: str, message: str, server: StudyServer, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        StudyServer(tmp_path / "page", tmp_path / "others", host)
    with pytest.raises(InputError, match=r"in use.*--port"):
        StudyServer(tmp_path / "page", tmp_path / "others", port=server.server_address[1])


@pytest.mark.parametrize(
    ("host", "port", "named"),
    [("127.0.0.1", 80, "127.0.0.1"), ("LOCALHOST", 0, "localhost:{}"), ("::1", 0, "[::1]:{}")],
)
def test_a_host_is_known_as_browsers_write_it(
    host: str, port: int, named: str, tmp_path: Path
) -> None:
    """In small letters, an address of IPv6 in brackets, and without a port where that is 80."""
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text(DATA)
    try:
        other = StudyServer(tmp_path / "page", tmp_path / "votes", host, port)
    except InputError as error:  # port 80 is root's, and some machines have no IPv6
        pytest.skip(str(error))
    with other:
        assert named.format(other.server_address[1]) in other.hosts
        assert "192.0.2.1" not in other.hosts


def test_another_start_has_the_same_links(server: StudyServer, tmp_path: Path) -> None:
    [tokens] = server.votes.iterdir()
    assert tokens.stat().st_mode & 0o777 == 0o600
    with StudyServer(tmp_path / "page", server.votes) as again:
        assert again.tokens == server.tokens
    with StudyServer(tmp_path / "page", tmp_path / "others") as other:
        assert not set(other.tokens) & set(server.tokens)
    tokens.write_text(server.tokens[0])
    with pytest.raises(InputError, match="is damaged: expected 2 tokens"):
        StudyServer(tmp_path / "page", server.votes)


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError, TimeoutError])
def test_a_lost_connection_says_nothing(
    error: type[OSError], server: StudyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for lost in (error(), ValueError("a fault of ours")):
        try:
            raise lost
        except (OSError, ValueError):
            server.handle_error(None, ("127.0.0.1", 1))
    said = capsys.readouterr().err
    assert said.count("Traceback") == 1
    assert "a fault of ours" in said


def test_a_browser_that_leaves_early_is_no_news(
    server: StudyServer, capfd: pytest.CaptureFixture[str]
) -> None:
    server.daemon_threads = False  # so that closing waits for the answers
    server.files["/"].write_bytes(b"x" * (32 << 20))  # more than the kernel holds for us
    left = socket.create_connection(server.server_address[:2])
    left.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset on close
    left.sendall(f"GET / HTTP/1.0\r\nHost: {server.host}\r\n\r\n".encode())
    left.recv(10)
    left.close()
    server.shutdown()
    server.server_close()
    assert capfd.readouterr().err == ""


def test_a_folder_that_is_no_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no study"):
        StudyServer(tmp_path, tmp_path / "votes")
    (tmp_path / "index.html").write_text(DATA.replace(STUDY, "../../../abc"))
    with pytest.raises(InputError, match="no study"):
        StudyServer(tmp_path, tmp_path / "votes")
    assert not (tmp_path / "votes").exists()
