"""Configurations of a training: packaged ones, ones that extend another, mistakes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.dri.training.config_files import FOLDER, config_path, read_config
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
        ("[data]\nclean = 'a'", "opinions"),
        (
            "degradations = []\n[versions]\nmetrics = []\nenlargers = []\n"
            "denoisers = []\nartifact_removers = []\nscales = []\n"
            "[[opinions]]\nname = 'a'\nfolder = 'b'\n"
            "[data]\nclean = 'c'\n[training]\nepoch = 3",
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


SET = "[[opinions]]\nname = {name}\nfolder = 'b'\n{more}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SET.format(name="'beta.1'", more=""), "cannot be called 'beta.1'"),
        (SET.format(name="''", more=""), "cannot be called ''"),
        (SET.format(name="'versions'", more=""), "cannot be called 'versions'"),
        (SET.format(name="'x/y'", more=""), "cannot be called 'x/y'"),
        (SET.format(name="'../../escaped'", more=""), r"cannot be called '\.\./\.\./escaped'"),
        (SET.format(name="3", more=""), r"\[\[opinions\]\] name = 3; expected text in quotes"),
        (2 * SET.format(name="'a'", more=""), "two sets of opinions are called 'a'"),
        (SET.format(name="'a'", more="weight = 0"), "no set of .* has a weight"),
        (SET.format(name="'a'", more="weight = true"), "weight = True; expected a number"),
        (SET.format(name="'a'", more="weight = '1'"), "weight = '1'; expected a number"),
        (SET.format(name="'a'", more="limit = 2.5"), "limit = 2.5; expected a whole number"),
        (SET.format(name="'a'", more="view = 1"), "unknown key 'view'; it knows name, folder"),
        ("opinions = []", "no set of .* has a weight"),
        ("[opinions]\nname = 'a'", "expected a list of tables"),
        ("training = 3", r"\[training\] is 3; expected a table"),
        ("opinions = 3", "is 3; expected a list of tables"),
        ("[learning]\nseed = 9", "unknown table or key 'learning'"),
        ("[data]\nfold = 1", r"\[data\] has an unknown key 'fold'"),
        ("[data]\nscene_folds = 0", r"\[data\] scene_folds = 0; expected at least 2"),
        ("[training.network]\nmirored = true", r"\[training.network\] has an unknown .* 'mirored'"),
        ("[training]\nupon = 3", r"\[training\] upon = 3; expected text in quotes"),
        ("[training]\nseed = 'x'", "seed = 'x'; expected a whole number"),
        ("[training]\nstarts = []", "expected at least one random start"),
        ("[training]\nstarts = ['a']", "starts: an item = 'a'; expected a whole number"),
        ("[training]\nstarts = 1", "starts = 1; expected a list, each a whole number"),
        ("[training]\ntogether_epochs = 0", "together_epochs = 0; expected at least 1"),
        ("[training]\ntogether_batch = 0", "together_batch = 0; expected at least 1"),
        ("[training]\ntogether_rate = 0.0", "together_rate = 0; expected at least 1e-12"),
        ("[training]\ntwins = 99", "twins = 99; .versions. has no more than 12"),
        ("[training]\ntwins = -1", "twins = -1; expected at least 0"),
        ("[training]\ncontents_ranked = 999", "contents_ranked = 999; .* no more than 100"),
        ("[versions]\ncontents = 0", r"\[versions\] contents = 0; expected at least 1"),
        ("[versions]\nsize = 250", r"scales has 3, and size = 250; expected .* that divide size"),
        ("[versions]\nscales = [1]", "scales has 1, .* at least 2"),
        (SET.format(name="'a'", more="high = inf"), "inf is no finite number"),
        ("[training]\norder_weight = nan", "nan is no finite number"),
        ("[training]\nstarts = [2, 2]", r"starts = \[2, 2\]; expected random starts that differ"),
        ("[training]\nupon = ''\nversions = 999", "versions = 999; .* no more than 123"),
        ("[training.network]\nbackbone = 'resnet'", "backbone = 'resnet'; expected one of tf_"),
        (
            "[data]\nclean = 'a'\n" + SET.format(name="'a'", more=""),
            "called 'a', as the folder of clean photographs",
        ),
    ],
)
def test_what_makes_no_sense_is_named_with_its_table(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "bad.toml").write_text(f'extends = "shipped"\n{text}')
    with pytest.raises(InputError, match=f"bad.toml.*{message}"):
        read_config(tmp_path / "bad.toml")
