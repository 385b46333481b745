"""The scorer learns from the votes that a run keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from harness.dri.adaptation import VotedPairs
    from harness.dri.network.network import DRINetwork
    from harness.people.counting import Counted
    from harness.results import Restored, RunData
    from harness.statistics import Floats

Cell = tuple[str, str, str]
"""Set, image and restorer."""


def adapt_scorer(
    run: Path, name: str, say: Callable[[str], None] = lambda _: None
) -> dict[str, object]:
    """Adapts the shipped scorer to the votes of a run, and keeps it as the metric `dri-NAME`.

    Args:
        run: A run folder with votes (`restobench votes`).
        name: Of the new scorer.
        say: Told how it goes.

    Returns:
        A flat row: name, file, sha256, votes, scenes, and the agreement with the votes before and
        after, the latter on scenes that were left out.

    Raises:
        InputError: There are no votes, too few, the name is taken, or an image is damaged.
    """
    from harness.dri import adaptation, adapted
    from harness.dri.shipped import DRI
    from harness.dri.weights import load_weights, save_weights
    from harness.people.counting import count_votes, kept_rules
    from harness.storage.store import load_run

    path = adapted.free_path(name)
    data, network = load_run(run), load_weights()
    cells, pairs = _pairs(count_votes(run, data, [], kept_rules(run)))
    say(f"{len(cells)} images are described")
    described = _described(run, data, network, cells)
    found = adaptation.adapt(network, described, pairs, say)
    told = {"from": DRI.sha256, "run": data.run.id, **asdict(found)}
    sha256 = save_weights(network, path, told)
    # every restored image of a scene that was learnt from gives away what people like of it
    scenes = {cell[1] for cell in cells}
    learnt = [item.sha256[:16] for item in data.restored if item.cell.image in scenes]
    adapted.write_card(name, {**told, "learnt": sorted(learnt)})
    metric = f"{adapted.PREFIX}{name}"
    return {"metric": metric, "file": str(path), "sha256": sha256, **asdict(found)}


def _described(
    run: Path, data: RunData, network: DRINetwork, cells: Sequence[Cell]
) -> list[tuple[float, Floats]]:
    from harness.dri.adaptation import describe_image, heads_of

    heads = heads_of(network)
    restored = {(i.cell.set, i.cell.image, i.cell.restorer): i for i in data.restored}
    return [describe_image(network, _tiles(run, restored, cell), heads) for cell in cells]


def _pairs(counted: Counted) -> tuple[list[Cell], VotedPairs]:
    """The images that were voted on, and the votes; one photograph is one scene in all its sets."""
    import numpy as np

    from harness.dri.adaptation import VotedPairs

    rows = []
    for panel in counted.panels.values():
        votes = panel.comparisons
        for image, one, other, share in zip(
            votes.image.tolist(), votes.one.tolist(), votes.other.tolist(), votes.share, strict=True
        ):
            key = panel.images[image]
            rows.append(((*key, panel.restorers[one]), (*key, panel.restorers[other]), share))
    cells = sorted({cell for one, other, _ in rows for cell in (one, other)})
    places = {cell: place for place, cell in enumerate(cells)}
    scenes = {name: place for place, name in enumerate(sorted({cell[1] for cell in cells}))}
    numbers = np.array(
        [(scenes[one[1]], places[one], places[other]) for one, other, _ in rows], dtype=np.int64
    ).reshape(-1, 3)
    shares = np.array([share for *_, share in rows], dtype=np.float64)
    scene, one, other = numbers.T
    return cells, VotedPairs(scene, one, other, shares, 1 - shares)


def _tiles(run: Path, restored: Mapping[Cell, Restored], cell: Cell) -> list[Tensor]:
    """An image in parts as large as the metric takes them."""
    import numpy as np
    import torch

    from harness.dri.metric import TILE
    from harness.dri.network.backbone import cut, fit_size
    from harness.images import to_rgb
    from harness.storage.images.arrays import ImageFile

    item = restored.get((cell[0], cell[1], cell[2]))
    if item is None:
        raise InputError(f"the run has no image of {cell[2]} on {cell[0]}/{cell[1]} any more")
    image = ImageFile(run / item.path, item.sha256, item.checksum).read()
    pixels = torch.from_numpy(np.ascontiguousarray(to_rgb(image)))[None]
    return [fit_size(tile) for tile in cut(pixels, TILE)]
