"""The scorer learns a taste from votes, on scenes that it has not seen, and says from what."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from voted_run import TEXTS, store, taste_of, vote

from harness.api.people.studies import StudyWishes, make_study
from harness.api.people.votes import take_votes
from harness.dri.adaptation import VotedPairs, adapt, describe_image, heads_of
from harness.dri.adapted import weights_path, write_card
from harness.dri.metric import Dri
from harness.dri.network.config import NetworkConfig
from harness.dri.network.network import DRINetwork
from harness.dri.weights import load_weights
from harness.errors import InputError
from harness.images import content_key, read_image
from harness.people.sessions import Budget
from harness.plugins.fingerprints import metric_fingerprint
from harness.plugins.kinds import metrics
from harness.protocols.report import ReportData

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def network() -> DRINetwork:
    torch.manual_seed(0)
    return DRINetwork(NetworkConfig(members=2, heads=2)).eval()


def tiles(seed: int, side: int = 64) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand((1, 3, side, side + 8 * n), generator=generator) for n in range(2)]


def test_points_are_those_of_the_network_and_change_as_described(network: DRINetwork) -> None:
    heads = heads_of(network)
    assert len(heads) == 4
    single = tiles(0)[:1]
    points, features = describe_image(network, single, heads)
    with torch.inference_mode():
        said = network.judge(network.describe(single[0])).scores.mean()
    offset, slope = network.calibration[:2].tolist()
    assert points == pytest.approx(offset + slope * float(said), abs=1e-3)
    change = np.random.default_rng(0).normal(0, 0.01, len(features))
    with torch.no_grad():
        for head, part in zip(heads, np.split(change, 4), strict=True):
            head.weight[0] += torch.from_numpy(part).float()
    moved, _ = describe_image(network, single, heads)
    assert moved - points == pytest.approx(float(change @ features), abs=1e-2)


def test_too_few_votes_are_refused(network: DRINetwork) -> None:
    nothing = np.zeros(5, np.int64)
    votes = VotedPairs(nothing, nothing, nothing + 1, np.ones(5), np.zeros(5))
    with pytest.raises(InputError, match="5 pairs of 1 scenes are too few"):
        adapt(network, [(0.0, np.zeros(4))] * 2, votes)


@pytest.fixture(scope="module")
def described(fabricated: ReportData) -> dict[tuple[str, str, str], tuple[float, np.ndarray]]:
    """Every restored photograph as the shipped scorer sees it."""
    network = load_weights()
    heads = heads_of(network)
    found = {}
    for item in fabricated.data.restored:
        pixels = torch.from_numpy(read_image(fabricated.run_folder / item.path))[None]
        key = item.cell.set, item.cell.image, item.cell.restorer
        found[key] = describe_image(network, [pixels], heads)
    return found


def test_from_300_votes_half_of_what_is_missing_is_won_on_scenes_left_out(
    described: dict[tuple[str, str, str], tuple[float, np.ndarray]], fabricated: ReportData
) -> None:
    taste = taste_of(fabricated.data, "blur-effect", 4.0)
    keys = list(described)
    scenes = sorted({key[1] for key in keys})
    generator, rows = np.random.default_rng(1), []
    while len(rows) < 300:
        one, other = (keys[n] for n in generator.permutation(len(keys))[:2])
        if one[:2] != other[:2]:
            continue
        better = 1 / (1 + np.exp(taste(*other) - taste(*one)))
        rows.append((scenes.index(one[1]), keys.index(one), keys.index(other), better))
    table = np.array(rows)
    won = (generator.random(len(table)) < table[:, 3]).astype(float)
    votes = VotedPairs(*table[:, :3].astype(np.int64).T, won, 1 - won)
    ceiling = np.mean(np.maximum(table[:, 3], 1 - table[:, 3]))
    found = adapt(load_weights(), list(described.values()), votes)
    assert found.before < ceiling - 0.1
    assert found.after - found.before >= (ceiling - found.before) / 2


def test_an_adapted_scorer_is_a_metric_of_its_own_that_knows_what_it_has_learnt(
    fabricated: ReportData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command_line: Call,
) -> None:
    monkeypatch.setenv("RESTOBENCH_SCORERS", str(tmp_path / "scorers"))
    run = tmp_path / "run"
    shutil.copytree(fabricated.run_folder, run)
    store(fabricated.data, run)
    wishes = StudyWishes(TEXTS, Budget(3, 8, 8), sets=("photos-x2",))
    study, _ = make_study(run, tmp_path / "page", wishes)
    take_votes(run, vote(study, tmp_path / "votes", taste_of(fabricated.data, "blur-effect", 3.0)))
    code, out, _ = command_line("train", "dri", "adapt", run, "--name", "lab", "--json")
    assert code == 0
    [row] = json.loads(out)["rows"]
    assert row["metric"] == "dri-lab"
    assert row["scenes"] == 8
    lab = metrics.get("dri-lab")
    assert lab.card.version == row["sha256"][:12] != Dri.card.version
    assert lab.card.name == "dri-lab"
    own = next(item for item in fabricated.data.restored if item.cell.set == "photos-x2")
    image = read_image(run / own.path)
    assert content_key(image) in lab.trained_on()
    assert content_key(image) not in Dri.trained_on()
    shipped, adapted = (cls(device="cpu")(image).value for cls in (Dri, lab))
    assert shipped != adapted
    # its file decides: another one in its place is refused
    code, _, said = command_line("train", "dri", "adapt", run, "--name", "lab")
    assert (code, "there already" in said) == (2, True)
    for name in ("../lab", "stated-terms"):  # which comes with the package
        code, _, said = command_line("train", "dri", "adapt", run, "--name", name)
        assert (code, "cannot be called" in said) == (2, True)
    Path(row["file"]).write_bytes(b"x")
    with pytest.raises(InputError, match="SHA-256"):
        lab(device="cpu")


def test_a_scorer_trained_again_under_its_name_scores_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTOBENCH_SCORERS", str(tmp_path))
    found = []
    for weights in (b"first", b"second"):
        weights_path("mine").write_bytes(weights)
        write_card("mine", {"learnt": []})
        found.append(metric_fingerprint("dri-mine", "cpu"))
    assert len(set(found)) == 2
    assert found[0].partition(":")[0] == metric_fingerprint("dri", "cpu").partition(":")[0]
