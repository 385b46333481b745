"""Does a no-reference metric order the versions of a scene as full-reference metrics do?

    restobench run -b restored-kodak24 --out runs/kodak
    python tests/performance/restored_images.py runs/kodak

It reads a run and restores nothing. A *version* of a scene is what one restorer made of one of its
degraded images; `identity` (or `bicubic`, where the degraded image is smaller) stands for the
degraded image itself, and a set without degradations for the reference.

- **Consensus**: the mean of the ranks that the run's full-reference metrics give the versions
  within their scene.
- **Agreement**: SRCC of a no-reference metric with the consensus within a scene, over all versions
  of all sets together; the mean over scenes. "One degradation" compares the versions of one set
  only, which is harder.
- **Triples**: reference above restored above degraded. Counted where the difference is *clear*:
  every full-reference metric puts the restored image above the degraded one, PSNR by at least
  `CLEAR_DB`; and it is still at most `VISIBLE_DB` from the reference, so that the reference is
  visibly better.

Intervals are 95 % bootstrap intervals over scenes. The best peer is chosen anew in each resample.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scenes import (
    HALLUCINATING,
    Floats,
    agreement,
    clean_sets,
    count_triples,
    hallucination,
    read_scenes,
    split_metrics,
)

from harness.results import RunData
from harness.storage.store import load_run

RESAMPLES = 4000


def resampled_means(sums: Floats, weights: Floats) -> Floats:
    """Weighted means of (rows, scenes) in each resample of the scenes: (rows, RESAMPLES)."""
    scenes = len(weights)
    generator = np.random.default_rng(0)
    counts = generator.multinomial(scenes, np.full(scenes, 1 / scenes), size=RESAMPLES).T
    means: Floats = (sums @ counts) / (weights @ counts)
    return means


def with_interval(sums: Floats, weights: Floats) -> list[tuple[float, float, float]]:
    """Weighted means over scenes with their intervals: (value, low, high) of each row."""
    means = sums.sum(axis=1) / weights.sum()
    low, high = np.percentile(resampled_means(sums, weights), [2.5, 97.5], axis=1)
    return list(zip(means.tolist(), low.tolist(), high.tolist(), strict=True))


def against_best_peer(
    values: Floats, metrics: Sequence[str], subject: str, peers: Sequence[str]
) -> dict[str, Any]:
    """The subject's mean minus that of its best peer, which each resample chooses anew."""
    values = values[:, np.isfinite(values).all(axis=0)]
    own, others = metrics.index(subject), [metrics.index(peer) for peer in peers]
    boot = resampled_means(values, np.ones(values.shape[1]))
    means = values.mean(axis=1)
    best = max(others, key=lambda row: means[row])
    low, high = np.percentile(boot[own] - boot[others].max(axis=0), [2.5, 97.5])
    return {
        "versus": metrics[best],
        "difference": float(means[own] - means[best]),
        "low": float(low),
        "high": float(high),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints every table, as text or as one JSON document."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    wanted = "a run of restored-kodak24, or of a benchmark like it"
    parser.add_argument("run", type=Path, help=wanted)
    parser.add_argument("--subject", default="dri", help="the metric that is judged")
    parser.add_argument("--peers", default="niqe,brisque,pyiqa-piqe", help="what it has to beat")
    parser.add_argument("--psnr", default="psnr-y", help="by which metric a difference is clear")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    found = evaluate(load_run(options.run), options.subject, options.peers.split(","), options.psnr)
    if options.json:
        print(json.dumps({"schema": "restobench/restored-images/1", **found}, indent=1))
        return
    for title, rows in found.items():
        print(f"\n## {title}\n")
        print_rows(rows)


Rows = list[dict[str, Any]]


def evaluate(data: RunData, subject: str, peers: Sequence[str], psnr: str) -> dict[str, Rows]:
    """Every table: title -> rows."""
    full, blind = split_metrics(data)
    peers = [peer for peer in peers if peer in blind]
    scenes = read_scenes(data)
    versions = sum(len(scene.versions) for scene in scenes)
    dropped = sum(scene.dropped for scene in scenes)
    counted = f"{len(scenes)} scenes, {versions} versions, {dropped} left out"
    print(f"{counted}; consensus of {', '.join(full)}", file=sys.stderr)
    if not scenes or subject not in blind:
        sys.exit(f"the run has no scene with three scored versions, or no scores of {subject}")

    agreed: Rows = []
    tables = {"Agreement with the consensus within a scene (SRCC)": agreed}
    restored_sets = [name for name in data.run.plan.sets if name not in clean_sets(data)]
    scopes = {"all versions": None, **{name: [name] for name in restored_sets}}
    for scope, sets in scopes.items():
        agreed += _agreement_rows(agreement(scenes, blind, sets), blind, scope)
    whole = agreement(scenes, blind)
    if peers:
        versus = against_best_peer(whole, blind, subject, peers)
        tables[f"{subject} minus the best of {', '.join(peers)}"] = [versus]
    if scenes[0].reference:
        counts, totals = count_triples(scenes, full, blind, psnr)
        title = f"Right order in {int(totals.sum())} clear triples"
        tables[title] = _triple_rows(counts, totals, blind)
    tables[f"{HALLUCINATING} among the versions of its set"] = hallucination(scenes, blind)
    return tables


def _agreement_rows(values: Floats, metrics: Sequence[str], scope: str) -> Rows:
    kept = values[:, np.isfinite(values).all(axis=0)]
    if kept.shape[1] < 2:
        return []
    scenes = kept.shape[1]
    figures = with_interval(kept, np.ones(scenes))
    return [
        {"versions": scope, "metric": name, "srcc": value, "low": low, "high": high,
         "scenes": scenes}
        for name, (value, low, high) in zip(metrics, figures, strict=True)
    ]  # fmt: skip


def _triple_rows(counts: dict[str, Floats], totals: Floats, metrics: Sequence[str]) -> Rows:
    if not totals.sum():
        return []
    rows = []
    for part, sums in counts.items():
        for name, (value, low, high) in zip(metrics, with_interval(sums, totals), strict=True):
            rows.append({"order": part, "metric": name, "share": value, "low": low, "high": high})
    return rows


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Prints rows as a Markdown table."""
    if not rows:
        print("nothing to show")
        return
    print("| " + " | ".join(rows[0]) + " |")
    print("|" + "---|" * len(rows[0]))
    for row in rows:
        cells = [f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row.values()]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
