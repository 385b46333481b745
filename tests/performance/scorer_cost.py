"""What scoring costs: dri against pyiqa's learned no-reference metrics, and an 8k image.

    python tests/performance/scorer_cost.py [--weights FILE]

Part of `make bench`. Each scorer runs in a fresh process on two threads and scores one 512 x 512
photograph. The peers are built as pyiqa builds them, with random weights, which cost the same:
nothing is downloaded. Memory is the peak of the process above what it held with the model loaded.
CPU seconds are printed beside wall-clock seconds, for other processes do not change them; the
ratios are of CPU seconds.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

PEERS = ("musiq", "maniqa", "topiq_nr")
THREADS = 2
SIDE = 512
REPEATS = 5
PATIENCE = 60
"""Seconds after which a scorer is not called again: MANIQA takes a minute for one image."""

LARGE = (4320, 7680)
LARGE_LIMIT_MIB = 2048
MEMORY_SHARE = 1 / 5
"""Of MANIQA's memory, at most."""


def resident_mib(field: str) -> float:
    """`VmRSS`, what this process holds, or `VmHWM`, the most it has held since `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def forget_peak() -> None:
    """Starts to count the peak anew (Linux: proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def build_peer(name: str) -> Callable[[Any], Any]:
    """One of pyiqa's metrics as its own defaults have it, but for the weights."""
    import timm
    import torch
    from pyiqa.archs.maniqa_arch import MANIQA
    from pyiqa.archs.musiq_arch import MUSIQ
    from pyiqa.archs.topiq_arch import CFANet
    from pyiqa.default_model_configs import DEFAULT_CONFIGS

    options = dict(DEFAULT_CONFIGS[name]["metric_opts"])
    create, classes = timm.create_model, {"MUSIQ": MUSIQ, "MANIQA": MANIQA, "CFANet": CFANet}
    cls = classes[options.pop("type")]
    options["pretrained"] = False

    def without_weights(model: str, **rest: Any) -> Any:
        return create(model, **{**rest, "pretrained": False})

    with patch.object(timm, "create_model", without_weights):
        network = cls(**options).eval()
    return lambda image: float(network(torch.from_numpy(image)[None]).squeeze())


def build(name: str, weights: str | None) -> Callable[[Any], Any]:
    """A scorer by name: a function of a float32 (3, H, W) image."""
    if name in PEERS:
        with redirect_stdout(sys.stderr):
            return build_peer(name)
    from harness.dri.metric import Dri

    return Dri(weights=weights)


def measure(name: str, weights: str | None, image_path: str) -> dict[str, float]:
    """Loads a scorer and scores one image several times, in this process."""
    import torch

    from harness.images import read_image

    torch.set_num_threads(THREADS)
    large = image_path.endswith("large.png")
    image = read_image(image_path)
    with torch.inference_mode():
        scorer = build(name, weights)
        gc.collect()
        loaded = resident_mib("VmRSS")
        if not large:
            forget_peak()
        wall, cpu = [], []
        for _ in range(1 if large else REPEATS + 1):
            if sum(wall) > PATIENCE:
                break
            start, spent = time.perf_counter(), time.process_time()
            scorer(image)
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - spent)
    # the first call also allocates and chooses algorithms
    warm = slice(min(1, len(wall) - 1), None)
    peak = resident_mib("VmHWM")
    return {
        "seconds": statistics.median(wall[warm]),
        "cpu_seconds": statistics.median(cpu[warm]),
        "loaded_mib": loaded,
        "above_loaded_mib": peak - loaded,
        "peak_mib": peak,
    }


def measure_apart(name: str, weights: str | None, image: Path) -> dict[str, float]:
    """`measure` in a fresh process."""
    more = ["--weights", weights] if weights else []
    command = [sys.executable, __file__, "--one", name, "--image", str(image), *more]
    # a thread that waits must not spin: CPU seconds would count it
    waiting = {"OMP_NUM_THREADS": str(THREADS), "OMP_WAIT_POLICY": "PASSIVE"}
    environment = {**os.environ, **waiting, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def write_images(folder: Path) -> tuple[Path, Path]:
    """A photograph of 512 x 512 pixels and one of 7680 x 4320, made of smaller ones."""
    import numpy as np

    from benchmarks.sources import Photos
    from harness.images import write_image

    photo = np.tile(Photos(256).read("coffee"), (1, 2, 2))
    rows, columns = (-(-side // SIDE) for side in LARGE)
    write_image(folder / "small.png", photo)
    write_image(folder / "large.png", np.tile(photo, (1, rows, columns))[:, : LARGE[0], : LARGE[1]])
    return folder / "small.png", folder / "large.png"


def compare(weights: str | None) -> bool:
    """Prints the tables; says whether dri keeps its limits."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = write_images(Path(folder))
        found = {name: measure_apart(name, weights, small) for name in ("dri", *PEERS)}
        huge = measure_apart("dri", weights, large)
    own, quickest = found["dri"], min(found[name]["cpu_seconds"] for name in PEERS)
    setting = f"{SIDE} x {SIDE} pixels, {THREADS} threads"
    print(f"{setting}; the ratios are dri's figure by the scorer's\n")
    print("| scorer | wall s | CPU s | ratio | MiB above the loaded model | ratio |")
    print("|---|---|---|---|---|---|")
    for name, row in found.items():
        cpu, memory = (own[key] / row[key] for key in ("cpu_seconds", "above_loaded_mib"))
        print(
            f"| {name} | {row['seconds']:.2f} | {row['cpu_seconds']:.2f} | {cpu:.3f} | "
            f"{row['above_loaded_mib']:.0f} | {memory:.3f} |"
        )
    share = own["above_loaded_mib"] / found["maniqa"]["above_loaded_mib"]
    print(f"\ndri / the quickest peer: {own['cpu_seconds'] / quickest:.3f} (at most 1)")
    print(f"dri's memory / MANIQA's: {share:.3f} (at most {MEMORY_SHARE})")
    print(
        f"{LARGE[1]} x {LARGE[0]}: {huge['cpu_seconds']:.1f} CPU s, "
        f"peak of the process {huge['peak_mib']:.0f} MiB (at most {LARGE_LIMIT_MIB})"
    )
    small_enough = share <= MEMORY_SHARE and huge["peak_mib"] <= LARGE_LIMIT_MIB
    return own["cpu_seconds"] <= quickest and small_enough


if __name__ == "__main__":
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--weights", help="another weight file of dri than the shipped one")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--image", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.weights, options.image)))
    else:
        sys.exit(not compare(options.weights))
