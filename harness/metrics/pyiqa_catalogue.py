"""Writes `pyiqa_catalogue.json`: what the installed pyiqa offers, and the first weight file that each metric wants.

`python -m harness.metrics.pyiqa_catalogue` after an upgrade of pyiqa. Importing pyiqa takes seconds, so `restobench
list` reads the catalogue instead. Each metric is built in a forked process in which nothing can be downloaded; the
first file that it tries to fetch is written down.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

CATALOGUE = Path(__file__).with_name("pyiqa_catalogue.json")
SECONDS = 60
DISTRIBUTION_METRICS = frozenset({"fid", "fid_dinov2", "sfid", "inception_score"})
"""Metrics of two sets of images: they have no value for one image, and are left out."""


def _watch(report: Connection) -> None:
    """Makes every way to download something report what was wanted, and fail."""
    import urllib.request

    import huggingface_hub
    import pyiqa.utils.download_util
    import timm.models._hub
    import torch.hub

    def refuse_url(url: Any, *_rest: Any, **_more: Any) -> NoReturn:
        report.send(str(getattr(url, "full_url", url)))
        raise OSError("nothing is downloaded here")

    def refuse_hub(repo_id: str, filename: str = "", *_rest: Any, **_more: Any) -> NoReturn:
        report.send(f"hf://{repo_id}/{filename}")
        raise OSError("nothing is downloaded here")

    torch.hub.download_url_to_file = refuse_url
    pyiqa.utils.download_util.download_url_to_file = refuse_url
    urllib.request.urlopen = refuse_url
    timm.models._hub.hf_hub_download = refuse_hub
    huggingface_hub.hf_hub_download = refuse_hub


def _build(name: str, report: Connection) -> None:
    import pyiqa

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    _watch(report)
    try:
        pyiqa.create_metric(name, device="cpu")
        report.send(None)
    except BaseException as error:
        report.send(f"error: {type(error).__name__}: {error}"[:300])


def wanted_file(name: str) -> str | None:
    """The first file that a metric wants to download, or `None` when it is built without any.

    Args:
        name: pyiqa's name of the metric.

    Returns:
        A URL, `hf://REPOSITORY/FILE`, or `error: ...` when it cannot be built for another reason.
    """
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_build, args=(name, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        answer: str | None = ours.recv() if ours.poll(SECONDS) else "error: not built in time"
    except EOFError:
        answer = "error: the process died"
    process.kill()
    process.join()
    return answer


def make_catalogue() -> dict[str, Any]:
    """Asks the installed pyiqa about each of its metrics."""
    import pyiqa
    from pyiqa.default_model_configs import DEFAULT_CONFIGS

    pyiqa.create_metric("psnr", device="cpu")  # imports once what the forked processes share
    rows = []
    for name, options in DEFAULT_CONFIGS.items():
        if name in DISTRIBUTION_METRICS:
            continue
        rows.append(
            {
                "name": name,
                "needs_reference": options.get("metric_mode") == "FR",
                "higher_is_better": not options.get("lower_better", False),
                "range": options.get("score_range", ""),
                "wants": wanted_file(name),
            }
        )
        print(rows[-1], file=sys.stderr)
    return {"pyiqa": version("pyiqa"), "metrics": rows}


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    CATALOGUE.write_text(json.dumps(make_catalogue(), indent=1) + "\n")
