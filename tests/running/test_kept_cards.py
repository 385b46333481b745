"""Cards of networks given by path: kept once, used without a worker, and never of another file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks.photos import family as photos
from harness.errors import InputError
from harness.plugins.fingerprints import file_hash
from harness.plugins.specification import parse_restorer
from harness.protocols import Benchmark, DegradedSet, Evaluation, RestorerCard
from harness.running.kept_cards import card_key, keep, recall
from harness.running.plan import Plan, make_plan
from harness.storage.places import cache_folder
from harness.workers.pool import WorkerPool


@pytest.fixture(autouse=True)
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of cards."""
    monkeypatch.setenv("RESTOBENCH_CARD_CACHE", str(tmp_path / "cards"))
    return tmp_path / "cards"


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[WorkerPool]]:
    """Every pool that planning has made."""
    made: list[WorkerPool] = []
    begin = WorkerPool.__enter__

    def enter(self: WorkerPool) -> WorkerPool:
        made.append(self)
        return begin(self)

    monkeypatch.setattr(WorkerPool, "__enter__", enter)
    yield made


def save_network(path: Path, scale: int) -> str:
    """A TorchScript network that repeats pixels."""
    torch.jit.script(nn.Upsample(scale_factor=float(scale))).save(str(path))
    return str(path)


def plan(text: str, sets: tuple[str, ...] = ("photos-sigma25", "photos-x2", "photos-x4")) -> Plan:
    members: tuple[DegradedSet, ...] = tuple(photos.get(name)() for name in sets)
    return make_plan(Benchmark("own", "", members, ("psnr",), Evaluation("rgb")), [text], limit=1)


def sets_of(made: Plan) -> frozenset[str]:
    [restorer] = made.restorers
    return restorer.sets


def test_a_second_plan_needs_no_worker_and_says_the_same(
    tmp_path: Path, pools: list[WorkerPool], cards: Path
) -> None:
    text = save_network(tmp_path / "net.ts", 2)
    first, second = plan(text, ("photos-x2",)), plan(text)
    assert len(pools) == 1
    assert len(list(cards.iterdir())) == 1
    assert second.cards() == first.cards()
    assert sets_of(second) == {"photos-x2"}
    # supported sets are found anew: the first plan did not know these
    assert {item.set: item.reason for item in second.skipped} == {
        "photos-sigma25": "does not denoise (its tasks: super-resolve)",
        "photos-x4": "has no x4 (its scales: x2)",
    }


def test_another_file_parameter_or_file_beside_it_is_described_again(
    tmp_path: Path, pools: list[WorkerPool]
) -> None:
    text = save_network(tmp_path / "net.ts", 2)
    assert sets_of(plan(text)) == {"photos-x2"}
    save_network(tmp_path / "net.ts", 4)
    assert sets_of(plan(text)) == {"photos-x4"}
    plan(f"{text}:tile_size=64")
    (tmp_path / "net.json").write_text("{}")
    plan(text)
    assert len(pools) == 4
    plan(text)
    assert len(pools) == 4


@pytest.mark.parametrize(
    "damage", ["", "no json", "[]", "{}", '{"card": {"name": 3}, "sha256": 1}']
)
def test_a_damaged_card_is_ignored_and_made_again(
    tmp_path: Path, pools: list[WorkerPool], cards: Path, damage: str
) -> None:
    text = save_network(tmp_path / "net.ts", 2)
    plan(text)
    [kept] = cards.iterdir()
    good = kept.read_bytes()
    kept.write_text(damage)
    assert sets_of(plan(text)) == {"photos-x2"}
    assert len(pools) == 2
    assert kept.read_bytes() == good


def test_a_card_that_was_altered_or_moved_is_ignored(
    tmp_path: Path, pools: list[WorkerPool], cards: Path
) -> None:
    text, other = save_network(tmp_path / "net.ts", 2), save_network(tmp_path / "other.ts", 4)
    plan(text)
    [kept] = cards.iterdir()
    document = json.loads(kept.read_text())
    document["card"]["scales"] = [4]
    kept.write_text(json.dumps(document))
    assert sets_of(plan(text)) == {"photos-x2"}
    kept.rename(cards / f"{card_key(parse_restorer(other))}.json")
    assert sets_of(plan(other)) == {"photos-x4"}
    assert len(pools) == 3


def test_a_network_that_the_probe_refuses_is_refused_again(
    tmp_path: Path, pools: list[WorkerPool], cards: Path
) -> None:
    network = nn.Sequential(nn.Hardtanh(0.0, 255.0), nn.Conv2d(3, 3, 1, groups=3, bias=False))
    nn.init.ones_(network[1].weight)
    torch.jit.script(network).save(str(tmp_path / "clamps.ts"))
    for _ in range(2):
        with pytest.raises(InputError, match="set range=1"):
            plan(f"{tmp_path / 'clamps.ts'}:range=-1..1")
    assert len(pools) == 2
    assert not cards.exists()


def test_what_asks_more_than_its_card_is_asked_each_time(
    tmp_path: Path, pools: list[WorkerPool], cards: Path
) -> None:
    results = tmp_path / "results" / "photos-x2"
    results.mkdir(parents=True)
    (results / "coffee.png").write_bytes(b"\x89PNG")
    assert sets_of(plan(f"folder:{tmp_path / 'results'}")) == {"photos-x2"}
    (tmp_path / "results" / "coffee.png").write_bytes(b"\x89PNG")
    assert "photos-x4" in sets_of(plan(f"folder:{tmp_path / 'results'}"))
    assert len(pools) == 2
    assert not cards.exists()


def test_a_cache_that_cannot_be_written_to_does_no_harm(
    tmp_path: Path, pools: list[WorkerPool], cards: Path
) -> None:
    cards.write_text("a file in its place")
    text = save_network(tmp_path / "net.ts", 2)
    for _ in range(2):
        assert sets_of(plan(text)) == {"photos-x2"}
    assert len(pools) == 2
    assert cache_folder("cards").is_file()


def test_a_card_that_names_another_file_holds_while_that_lies_beside_it(
    tmp_path: Path, cards: Path
) -> None:
    param, weights = tmp_path / "net.param", tmp_path / "net.bin"
    param.write_text("layers")
    weights.write_bytes(b"1")
    spec = parse_restorer(str(param))
    key = card_key(spec)
    assert key is not None
    card = RestorerCard("net", weights_sha256=(file_hash(weights),))
    elsewhere = RestorerCard("net", weights_sha256=(hashlib.sha256(b"other").hexdigest(),))
    keep(spec, key, elsewhere)
    assert not cards.exists(), "nobody would see that file change"
    keep(spec, key, card)
    assert recall(spec, key) == card
    weights.write_bytes(b"2")
    assert recall(spec, key) is None
    assert card_key(spec) != key
