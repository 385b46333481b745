"""What metrics want, fetched from a server that plays the hubs; nothing without being asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from file_server import Server, serving

from harness.cards import SetMetricCard
from harness.errors import InputError, UnavailableError
from harness.metrics import fetching
from harness.metrics.downloads import WantedFile
from harness.metrics.inception import KID
from harness.metrics.pyiqa import catalogue
from harness.plugins.kinds import set_metrics

Command = Callable[..., tuple[int, str, str]]
HUB = b"weights of a hub" * 999
PLAIN = b"weights of a file" * 999


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """Plays Hugging Face and torch's server; pyiqa-lpips wants a file of each."""
    import huggingface_hub.constants

    for variable, folder in (
        ("TORCH_HOME", "torch"), ("HF_HUB_CACHE", "hf"), ("RESTOBENCH_CACHE", "cache"),
    ):  # fmt: skip
        monkeypatch.setenv(variable, str(tmp_path / folder))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    with serving() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        server.content["/moved/plain.pth"] = PLAIN
        server.moved["/plain.pth"] = f"{server.address}/moved/plain.pth"
        server.content["/timm/net/resolve/main/model.safetensors"] = HUB
        files = [
            {"source": "hf://timm/net/model.safetensors", "target": ""},
            {"source": f"{server.address}/plain.pth", "target": "checkpoints/plain.pth"},
        ]
        monkeypatch.setitem(catalogue()["lpips"], "files", files)
        yield server


def row_of(command_line: Command, name: str) -> dict[str, Any]:
    rows = json.loads(command_line("list", "metrics", "--json")[1])["rows"]
    return next(row for row in rows if row["name"] == name)


def test_a_metric_is_fetched_when_its_terms_are_accepted(
    server: Server, command_line: Command, tmp_path: Path
) -> None:
    row = row_of(command_line, "pyiqa-lpips")
    assert (row["state"], row["usable"], row["unknown_sizes"]) == ("fetchable", False, 2)
    assert "restobench zoo get pyiqa-lpips" in row["reason"]
    assert row_of(command_line, "psnr")["state"] == "present"
    code, _, err = command_line("zoo", "get", "pyiqa-lpips")
    assert code == 2
    assert "PolyForm-Noncommercial" in err
    assert "--accept-terms" in err
    assert not server.asked, "sizes are asked for, files are not"

    code, out, err = command_line("zoo", "get", "pyiqa-lpips", "--accept-terms")
    assert code == 0, err
    assert "2 files, 33.0 kB" in err.replace("\n", " ")
    assert (tmp_path / "torch/hub/checkpoints/plain.pth").read_bytes() == PLAIN
    [snapshot] = (tmp_path / "hf/models--timm--net/snapshots").glob("*/model.safetensors")
    assert snapshot.read_bytes() == HUB
    assert hashlib.sha256(PLAIN).hexdigest()[:16] in out
    assert row_of(command_line, "pyiqa-lpips")["state"] == "present"
    asked = len(server.asked)
    assert command_line("zoo", "get", "pyiqa-lpips")[0] == 0, "nothing to ask for"
    assert len(server.asked) == asked


def test_a_metric_of_sets_is_fetched_and_listed_as_others_are(
    server: Server, command_line: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = WantedFile(f"{server.address}/plain.pth", "checkpoints/plain.pth")

    class Whole(KID):
        card = SetMetricCard("of-sets", licence="MIT")
        missing = classmethod(lambda _: None if file.is_here() else "weights are not here")
        wanted = classmethod(lambda _: (file,))

    monkeypatch.setitem(set_metrics._added, "of-sets", Whole)
    row = row_of(command_line, "of-sets")
    assert (row["kind"], row["state"], row["usable"]) == ("set_metric", "fetchable", False)
    assert command_line("zoo", "get", "of-sets")[0] == 0
    assert (tmp_path / "torch/hub/checkpoints/plain.pth").read_bytes() == PLAIN
    assert row_of(command_line, "of-sets")["state"] == "present"


def test_half_a_file_is_gone_on_with_and_is_no_file(server: Server) -> None:
    file = WantedFile(f"{server.address}/plain.pth", "checkpoints/plain.pth")
    server.breaks_after, told = 1000, []
    with pytest.raises(UnavailableError, match=r"broke off after 1000 of 16983 bytes; the same"):
        fetching.fetch(file)
    assert not file.is_here()
    fetching.fetch(file, lambda here, total: told.append((here, total)))
    assert server.asked[-1] == ("/moved/plain.pth", "bytes=1000-")
    assert told[-1] == (len(PLAIN), len(PLAIN))
    assert file.place().read_bytes() == PLAIN
    assert [path.name for path in file.place().parent.iterdir()] == ["plain.pth"]


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_server_that_refuses_is_named(server: Server, status: int) -> None:
    server.errors["/moved/plain.pth"] = status
    file = WantedFile(f"{server.address}/plain.pth", "plain.pth")
    with pytest.raises(UnavailableError, match=rf"plain\.pth cannot be downloaded: .*{status}"):
        fetching.fetch(file)
    assert fetching.size(file) is None
    server.errors["/timm/net/resolve/main/model.safetensors"] = status
    with pytest.raises(UnavailableError, match=r"model\.safetensors cannot be downloaded"):
        fetching.fetch(WantedFile("hf://timm/net/model.safetensors"))


def test_a_hash_is_kept_on_first_use_and_checked_afterwards(server: Server) -> None:
    file = WantedFile(f"{server.address}/plain.pth", "plain.pth")
    path = fetching.fetch(file)
    fetching.check(file)
    path.write_bytes(PLAIN[:-1] + b"?")
    with pytest.raises(InputError, match="has changed, or the file is damaged"):
        fetching.check(file)
    path.unlink()
    server.content["/moved/plain.pth"] = b"another file"
    with pytest.raises(InputError, match="has changed, or the file is damaged"):
        fetching.fetch(file)
    assert not list(path.parent.iterdir()), "it is thrown away"


def test_an_address_that_tells_the_hash_is_held_to_it(server: Server) -> None:
    for wanted, fine in ((hashlib.sha256(PLAIN).hexdigest(), True), ("0" * 64, False)):
        server.content[f"/clip/models/{wanted}/RN50.pt"] = PLAIN
        file = WantedFile(f"{server.address}/clip/models/{wanted}/RN50.pt", f"{wanted}.pt")
        if fine:
            assert fetching.fetch(file).read_bytes() == PLAIN
        else:
            with pytest.raises(InputError, match="expected 0000000000000000"):
                fetching.fetch(file)
            assert not file.is_here()


def test_a_run_fetches_what_it_needs_and_asks_first(
    server: Server, command_line: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ("run", "-b", "quickstart", "-r", "bicubic", "-m", "pyiqa-lpips", "--dry-run", "--quiet")
    assert "weights are not here" in command_line(*few)[2]
    code, _, err = command_line(*few, "--fetch")
    assert code == 2
    assert "zoo get --accept-terms pyiqa-lpips" in err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_texts, **_options: False)
    assert "nothing was fetched" in command_line(*few, "--fetch")[2]
    assert not server.asked
    monkeypatch.setattr("click.confirm", lambda *_texts, **_options: True)
    command_line(*few, "--fetch")
    assert (tmp_path / "torch/hub/checkpoints/plain.pth").is_file()


def test_whole_repositories_are_not_supported(server: Server, command_line: Command) -> None:
    row = row_of(command_line, "pyiqa-compare2score")
    assert (row["state"], row["megabytes"]) == ("not supported", None)
    code, _, err = command_line("zoo", "get", "pyiqa-compare2score", "--accept-terms")
    assert code == 2
    assert "cannot be fetched" in err
    assert not server.asked


@pytest.mark.usefixtures("server")
def test_all_are_those_that_can_be_fetched(
    command_line: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []
    monkeypatch.setattr(
        "harness.cli.fetching.fetch_metrics", lambda names, **_options: found.extend(names)
    )
    assert command_line("zoo", "get", "--metrics", "all")[0] == 0
    assert "pyiqa-lpips" in found
    assert "pyiqa-compare2score" not in found
    assert "psnr" not in found
