"""Configurations of a training: packaged ones, ones that extend another, mistakes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.dri.training.config import FOLDER, config_path, read_config
from harness.errors import InputError


def test_a_configuration_extends_another(tmp_path: Path) -> None:
    text = 'extends = "shipped"\n[training]\nepochs = 1\nstarts = [5]\n'
    (tmp_path / "mine.toml").write_text(text)
    data, mine = read_config(tmp_path / "mine.toml")
    base, shipped = read_config(config_path("shipped"))
    assert data == base
    assert (mine.epochs, mine.starts, mine.network.members) == (1, (5,), 1)
    theirs = {name: getattr(shipped, name) for name in ("epochs", "starts", "network")}
    assert replace(mine, **theirs) == shipped
    (tmp_path / "loop.toml").write_text(f'extends = "{tmp_path / "loop.toml"}"')
    with pytest.raises(InputError, match="extends itself"):
        read_config(tmp_path / "loop.toml")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_packaged_configurations_are_read(path: Path) -> None:
    data, config = read_config(config_path(path.stem))
    assert config.network.types == 1 + len(data.degradations)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[data", "configuration .* cannot be read: Expected"),
        ("[data]\nclean = 'a'", "degradations"),
        (
            "degradations = []\n[versions]\nmetrics = []\nenlargers = []\n"
            "denoisers = []\nartifact_removers = []\n"
            "[[opinions]]\nname = 'a'\nfolder = 'b'\n"
            "[data]\nclean = 'a'\n[training]\nepoch = 3",
            "epoch",
        ),
    ],
)
def test_a_mistake_in_a_configuration_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_config(tmp_path / "bad.toml")
    with pytest.raises(InputError, match="shipped"):
        config_path("no-such-configuration")
