"""Writes `pyiqa_catalogue.json`: what the installed pyiqa offers, and which weight files it wants.

`python -m harness.metrics.pyiqa_catalogue` after an upgrade of pyiqa (two minutes). Importing pyiqa
takes seconds, so `restobench list` reads the catalogue instead. Each metric is built in a forked
process of its own in which nothing is downloaded: a file that it wants is written down, and stands
in as an empty one so that the next is asked for. Where an empty file will not do (CLIP's), the
files after it are not in the catalogue; `downloads.refuse` names them when the metric is built.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from harness.metrics.downloads import (
    HUB,
    HUB_DOWNLOADER,
    URL_DOWNLOADERS,
    WantedFile,
    hub_folder,
    replaced,
    wanted_url,
)

SECONDS = 60
# metrics of two sets of images: they have no value for one image, and are left out
DISTRIBUTION_METRICS = frozenset({"fid", "fid_dinov2", "sfid", "inception_score"})
READERS = ("torch.load", "safetensors.torch.load_file", "scipy.io.loadmat")


class _EmptyWeights(dict[object, "_EmptyWeights"]):
    """Stands in for the content of a weight file that is not here."""

    def __missing__(self, key: object) -> _EmptyWeights:
        return self

    def pop(self, *key: object) -> _EmptyWeights:
        return self

    def __getattr__(self, name: str) -> Callable[..., _EmptyWeights]:
        return lambda *_arguments, **_keywords: self


def _stand_ins(want: Callable[[WantedFile], object]) -> dict[str, object]:
    """What tells of each file that would be downloaded, and what gives empty weights for each."""
    import torch

    def want_url(url: object, target: str | None = None, *_rest: object, **_more: object) -> None:
        want(wanted_url(url, target and os.path.relpath(target, hub_folder())))

    def want_file(repo_id: str, filename: str, *_rest: object, **_more: object) -> str:
        want(WantedFile(f"{HUB}{repo_id}/{filename}"))
        return f"absent/{filename}"

    def want_repository(path_or_repo_id: object, *_rest: object, **_more: object) -> object:
        want(WantedFile(f"{HUB}{path_or_repo_id}"))
        raise OSError("its configuration decides what else it wants")

    loaded = torch.nn.modules.module._IncompatibleKeys([], [])
    return {
        **dict.fromkeys(URL_DOWNLOADERS, want_url),
        HUB_DOWNLOADER: want_file,
        "transformers.utils.hub.cached_files": want_repository,
        **dict.fromkeys(READERS, lambda *_path, **_options: _EmptyWeights()),
        "torch.nn.Module.load_state_dict": lambda *_model, **_options: loaded,
    }


def _build(name: str, report: Connection) -> None:
    import pyiqa

    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    try:
        with replaced(_stand_ins(report.send)):
            pyiqa.create_metric(name, device="cpu")
        report.send(None)
    # a stand-in went as far as it can, or the metric cannot be built here at all
    except BaseException as error:
        report.send(f"{type(error).__name__}: {error}".splitlines()[0][:200])


def wanted_files(name: str) -> tuple[list[WantedFile], str | None]:
    """Finds out which files a metric wants to download.

    Args:
        name: pyiqa's name of the metric.

    Returns:
        The files in the order of asking; and why it cannot be built when it asked for none and
        failed.
    """
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_build, args=(name, theirs), daemon=True)
    process.start()
    theirs.close()
    files: dict[WantedFile, None] = {}
    answer: WantedFile | str | None = "not built in time"
    try:
        while ours.poll(SECONDS) and isinstance(answer := ours.recv(), WantedFile):
            files[answer] = None
    except EOFError:
        answer = "the process died"
    process.kill()
    process.join()
    return list(files), answer if isinstance(answer, str) and not files else None


def make_catalogue() -> dict[str, object]:
    """Asks the installed pyiqa about each of its metrics."""
    import pyiqa
    from pyiqa.default_model_configs import DEFAULT_CONFIGS

    pyiqa.create_metric("psnr", device="cpu")  # imports once what the forked processes share
    rows = []
    for name, options in DEFAULT_CONFIGS.items():
        if name not in DISTRIBUTION_METRICS:
            files, problem = wanted_files(name)
            row = {
                "name": name,
                "needs_reference": options.get("metric_mode") == "FR",
                "higher_is_better": not options.get("lower_better", False),
                "range": options.get("score_range", ""),
                "files": [asdict(file) for file in files],
                "problem": problem,
            }
            print(row, file=sys.stderr)
            rows.append(row)
    return {"pyiqa": version("pyiqa"), "metrics": rows}


if __name__ == "__main__":
    Path(__file__).with_suffix(".json").write_text(json.dumps(make_catalogue(), indent=1) + "\n")
