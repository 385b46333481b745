"""Numbers that people write: what Python's own `float` and `int` take besides is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cards import plain_number
from harness.cli.figure import _region
from harness.cli.rank import _weights
from harness.errors import InputError
from harness.executors.cluster_file import read_cluster
from harness.formats import parse_toml
from harness.plugins.degradation_text import parse_recipe
from harness.plugins.specification import parse_restorer
from harness.scoring.mos import read_labels
from harness.scoring.pair_votes import read_pairs
from harness.workers.devices import choose_devices
from restorers.endpoint import EndpointRestorer

ODD = ("1_0", "nan", "inf", "1e400", "１０", "٣")


def labels(said: str, folder: Path) -> None:
    (folder / "a.png").touch()
    (folder / "labels.csv").write_text(f"image,mos\na.png,{said}\n", encoding="utf-8")
    read_labels(folder)


def votes(said: str, folder: Path) -> None:
    (folder / "a.png").touch()
    text = f"scene,a,b,votes_a,votes_b\ns,a.png,a.png,{said},1\n"
    (folder / "pairs.csv").write_text(text, encoding="utf-8")
    read_pairs(folder)


def cluster(said: str, folder: Path) -> None:
    (folder / "cluster.toml").write_text(f'time = "{said}:00:00"\n', encoding="utf-8")
    read_cluster(folder / "cluster.toml")


READERS: dict[str, Callable[[str, Path], object]] = {
    "labels.csv": labels,
    "pairs.csv": votes,
    "a recipe": lambda said, _: parse_recipe(f"gaussian-noise:sigma_255={said}"),
    "a restorer": lambda said, _: parse_restorer(f"nl-means:strength={said}"),
    "the range of a network": lambda said, _: parse_restorer(f"net.pth:range={said}"),
    "an address": lambda said, _: EndpointRestorer(path=f"//localhost/#timeout={said}"),
    "a region": lambda said, _: _region(f"0,0,{said},8"),
    "a weight": lambda said, _: _weights([f"psnr={said}"]),
    "devices": lambda said, _: choose_devices(f"cuda:{said}"),
    "a job's time": cluster,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("said", ODD)
def test_what_is_no_plain_number_is_named(said: str, reader: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        READERS[reader](said, tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


OPTIONS = {
    "--workers": ["score", "x.png", "--workers", "{}"],
    "--timeout": ["run", "-b", "demo", "--timeout", "{}"],
    "--memory": ["run", "-b", "demo", "--memory", "{}"],
    "--sigma": ["restore", "-r", "nl-means", "--sigma", "{}", ".", "out"],
    "--digits": ["rank", ".", "--digits", "{}"],
}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("said", ODD)
def test_options_take_plain_numbers(
    command_line: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    said: str,
    option: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, error = command_line(*(part.format(said) for part in OPTIONS[option]))
    assert code == 2
    [line] = [line for line in error.splitlines() if line.lower().startswith("error")]
    assert option in line
    assert said in line


@pytest.mark.parametrize("said", ["nan", "inf", "-inf", "1e400", "-1e999"])
def test_toml_has_finite_numbers(said: str) -> None:
    with pytest.raises(InputError, match=f"here cannot be read: {said} is no finite number"):
        parse_toml(f"a = [{said}]", "here")
    assert parse_toml("a = 1_0.5", "here") == {"a": 10.5}  # TOML's own


@pytest.mark.parametrize(
    ("said", "number"), [("10", 10), (" -1.5 ", -1.5), ("+.5", 0.5), ("1e-3", 0.001), ("1.", 1)]
)
def test_plain_numbers_are_read(said: str, number: float) -> None:
    assert plain_number(said) == number
