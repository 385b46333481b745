"""Downloads against a server of our own: checked, resumed, and never outside of the folder."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from file_server import Server, serving

from harness.errors import InputError, UnavailableError
from harness.images import write_image
from harness.known_sets import KnownSet, hash_file, verify
from harness.sets import download as set_download
from harness.sets.download import STAGING, fetch


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    folder = tmp_path / "originals"
    for seed, path in enumerate(("HR/a.png", "HR/b.png")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        image = np.random.default_rng(seed).random((3, 40, 40), dtype=np.float32)
        write_image(folder / path, image)
    return folder


def known(originals: Path, server: Server, *, archive: str = "", inside: str = "") -> KnownSet:
    files = {path: hash_file(originals / path) for path in ("HR/a.png", "HR/b.png")}
    urls = {} if archive else {path: f"{server.address}/{path}" for path in files}
    server.content.update({f"/{path}": (originals / path).read_bytes() for path in files})
    return KnownSet("mine", "Mine", 2, "MIT", "", "by hand", files, urls, archive, inside)


def test_every_image_comes_and_none_comes_twice(
    server: Server, originals: Path, tmp_path: Path
) -> None:
    mine, lines = known(originals, server), []
    assert fetch(mine, tmp_path / "set", lines.append) == 2
    assert lines == ["mine: HR/a.png", "mine: HR/b.png"]
    assert {finding.status for finding in verify(mine, tmp_path / "set")} == {"same"}
    assert not (tmp_path / "set" / STAGING).exists()
    asked = len(server.asked)
    assert fetch(mine, tmp_path / "set") == 0
    (tmp_path / "set/HR/b.png").unlink()
    assert fetch(mine, tmp_path / "set") == 1
    assert [path for path, _ in server.asked[asked:]] == ["/HR/b.png"]


def test_a_download_that_broke_off_goes_on_from_there(
    server: Server, originals: Path, tmp_path: Path
) -> None:
    mine = known(originals, server)
    server.breaks_after = 1000
    with pytest.raises(UnavailableError, match="the same command goes on from there"):
        fetch(mine, tmp_path / "set")
    assert fetch(mine, tmp_path / "set") == 2
    assert server.asked[1] == ("/HR/a.png", "bytes=1000-")
    assert {finding.status for finding in verify(mine, tmp_path / "set")} == {"same"}


def test_rubbish_of_an_earlier_download_is_begun_anew(
    server: Server, originals: Path, tmp_path: Path
) -> None:
    mine = known(originals, server)
    server.breaks_after = 1000
    with pytest.raises(UnavailableError):
        fetch(mine, tmp_path / "set")
    [partial] = (tmp_path / "set" / STAGING).glob("*.partial")
    partial.write_bytes(b"x" * 100_000)  # more than the file has: the server answers 416
    assert fetch(mine, tmp_path / "set") == 2


@pytest.mark.parametrize("wrong", [b"no image at all", "another image"])
def test_another_image_is_thrown_away(
    server: Server, originals: Path, tmp_path: Path, wrong: bytes | str
) -> None:
    mine = known(originals, server)
    server.content["/HR/b.png"] = server.content["/HR/a.png"] if isinstance(wrong, str) else wrong
    with pytest.raises(InputError, match=r"is no image|expected .*get the set by hand"):
        fetch(mine, tmp_path / "set")
    assert not (tmp_path / "set/HR/b.png").exists()


def test_a_source_that_is_gone_or_unknown_is_one_line(
    server: Server, originals: Path, tmp_path: Path
) -> None:
    mine = known(originals, server)
    server.content.clear()
    with pytest.raises(UnavailableError, match="404"):
        fetch(mine, tmp_path / "set")
    with pytest.raises(UnavailableError, match="get it by hand: by hand"):
        fetch(KnownSet("mine", "Mine", 2, "MIT", "", "by hand"), tmp_path / "set")
    local = KnownSet("mine", "Mine", 1, "", "", "", {"a.png": None}, {"a.png": "file:///etc/a.png"})
    with pytest.raises(InputError, match="expected https"):
        fetch(local, tmp_path / "s")


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return buffer.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as bundle:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            bundle.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("Mine/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        bundle.addfile(link)
    return buffer.getvalue()


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_images_come_out_of_an_archive(
    server: Server, originals: Path, tmp_path: Path, pack: type[bytes]
) -> None:
    mine = known(originals, server, archive=f"{server.address}/all", inside="Mine")
    members = {f"Mine/{path}": (originals / path).read_bytes() for path in mine.files}
    server.content["/all"] = pack({**members, "Mine/readme.txt": b"text", "Other/HR/a.png": b"x"})
    assert fetch(mine, tmp_path / "set") == 2
    files = [path.name for path in (tmp_path / "set").rglob("*") if path.is_file()]
    assert sorted(files) == ["a.png", "b.png"]
    assert {finding.status for finding in verify(mine, tmp_path / "set")} == {"same"}


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("evil", ["Mine/../../evil.png", "Mine//etc/evil.png"])
def test_nothing_in_an_archive_leaves_the_folder(
    server: Server, originals: Path, tmp_path: Path, pack: type[bytes], evil: str
) -> None:
    # a set whose files nobody knows by name, so that every member is taken
    mine = KnownSet("mine", "Mine", 1, "", "", "", archive=f"{server.address}/all", inside="Mine")
    server.content["/all"] = pack({evil: (originals / "HR/a.png").read_bytes()})
    with pytest.raises(InputError, match="is no path of an image"):
        fetch(mine, tmp_path / "deep/set")
    assert not list(tmp_path.rglob("evil.png"))


def test_a_member_that_would_fill_the_disk_is_refused(
    server: Server, originals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_download, "MAX_IMAGE_BYTES", 1000)
    mine = known(originals, server, archive=f"{server.address}/all", inside="Mine")
    server.content["/all"] = zipped({"Mine/HR/a.png": b"\0" * 100_000})
    with pytest.raises(InputError, match="larger than 1,000 bytes"):
        fetch(mine, tmp_path / "set")


def test_what_is_no_archive_is_thrown_away(server: Server, originals: Path, tmp_path: Path) -> None:
    mine = known(originals, server, archive=f"{server.address}/all", inside="Mine")
    server.content["/all"] = b"<html>moved</html>"
    with pytest.raises(InputError, match="neither a zip nor a tar"):
        fetch(mine, tmp_path / "set")
    server.content["/all"] = zipped({"Elsewhere/a.png": b""})
    with pytest.raises(InputError, match="holds no image in 'Mine'"):
        fetch(mine, tmp_path / "set")
