"""Writes `pyiqa_catalogue.json`: what the installed pyiqa offers, and the weight files that each metric wants.

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
from dataclasses import asdict
from importlib.metadata import version
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from harness.metrics.downloads import DOWNLOADERS, WantedFile, hub_folder, wanted_url

CATALOGUE = Path(__file__).with_name("pyiqa_catalogue.json")
SECONDS = 60
DISTRIBUTION_METRICS = frozenset({"fid", "fid_dinov2", "sfid", "inception_score"})
"""Metrics of two sets of images: they have no value for one image, and are left out."""


class _EmptyWeights(dict[Any, Any]):
    """Stands in for the content of a weight file that is not here."""

    def __missing__(self, key: object) -> _EmptyWeights:
        return self

    def pop(self, *key: object) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        return lambda *_arguments, **_keywords: self


def _stand_in(report: Connection) -> None:
    """Makes every way to download a file report it, and every way to read one give empty weights."""
    from unittest.mock import patch

    import timm.models._hub
    import torch
    import transformers.utils.hub

    def want_url(url: Any, target: Any = None, *_rest: Any, **_more: Any) -> None:
        report.send(wanted_url(url, target and os.path.relpath(target, hub_folder())))

    def want_file(repo_id: str, filename: str, *_rest: Any, **_more: Any) -> str:
        report.send(WantedFile(f"hf://{repo_id}/{filename}"))
        return f"absent/{filename}"

    def want_repository(path_or_repo_id: Any, *_rest: Any, **_more: Any) -> Any:
        report.send(WantedFile(f"hf://{path_or_repo_id}"))
        raise OSError("its configuration decides what else it wants")

    for module in DOWNLOADERS:
        patch(f"{module}.download_url_to_file", want_url).start()
    patch("urllib.request.urlopen", lambda url, *_rest, **_more: want_url(url)).start()
    patch.object(timm.models._hub, "hf_hub_download", want_file).start()
    patch.object(transformers.utils.hub, "cached_files", want_repository).start()
    for reader in ("torch.load", "safetensors.torch.load_file", "scipy.io.loadmat"):
        patch(reader, lambda *_path, **_options: _EmptyWeights()).start()
    loaded = torch.nn.modules.module._IncompatibleKeys([], [])
    patch.object(torch.nn.Module, "load_state_dict", lambda *_model, **_options: loaded).start()


def _build(name: str, report: Connection) -> None:
    import pyiqa

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    try:
        _stand_in(report)
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
    files: list[WantedFile] = []
    answer: WantedFile | str | None = "not built in time"
    try:
        while ours.poll(SECONDS):
            answer = ours.recv()
            if not isinstance(answer, WantedFile):
                break
            files += [answer] if answer not in files else []
    except EOFError:
        answer = "the process died"
    process.kill()
    process.join()
    return files, answer if isinstance(answer, str) and not files else None


def make_catalogue() -> dict[str, Any]:
    """Asks the installed pyiqa about each of its metrics."""
    import pyiqa
    from pyiqa.default_model_configs import DEFAULT_CONFIGS

    pyiqa.create_metric("psnr", device="cpu")  # imports once what the forked processes share
    rows = []
    for name, options in DEFAULT_CONFIGS.items():
        if name in DISTRIBUTION_METRICS:
            continue
        files, problem = wanted_files(name)
        rows.append(
            {
                "name": name,
                "needs_reference": options.get("metric_mode") == "FR",
                "higher_is_better": not options.get("lower_better", False),
                "range": options.get("score_range", ""),
                "files": [asdict(file) for file in files],
                "problem": problem,
            }
        )
        print(rows[-1], file=sys.stderr)
    return {"pyiqa": version("pyiqa"), "metrics": rows}


if __name__ == "__main__":
    CATALOGUE.write_text(json.dumps(make_catalogue(), indent=1) + "\n")
