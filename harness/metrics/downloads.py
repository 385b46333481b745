"""Keeps pyiqa, torch hub, timm and Hugging Face from downloading: each file they want is recorded, and refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn


def weight_path(wants: str) -> Path:
    """Where pyiqa looks for a file before it downloads it.

    Args:
        wants: A URL, `hf://OWNER/REPOSITORY/FILE`, or `hf://OWNER/REPOSITORY` for all of it.

    Returns:
        The file in torch's hub folder, or the repository's folder in Hugging Face's cache.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    if wants.startswith("hf://"):
        hub = os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or home / "huggingface") / "hub"
        owner, repository = wants.removeprefix("hf://").split("/")[:2]
        return Path(hub) / f"models--{owner}--{repository}"
    hub = Path(os.environ.get("TORCH_HOME") or home / "torch") / "hub"
    folders = {"/clip/models/": "clip", "/IQA-PyTorch-Weights/": "pyiqa"}
    folder = next((folder for part, folder in folders.items() if part in wants), "checkpoints")
    return hub / folder / wants.rpartition("/")[2].partition("?")[0]


def is_here(wants: str) -> bool:
    """Whether a file that pyiqa wants is where it looks."""
    path = weight_path(wants)
    if not wants.startswith("hf://"):
        return path.is_file()
    name = "/".join(wants.removeprefix("hf://").split("/")[2:]) or "*"
    return any(path.glob(f"snapshots/*/{name}"))


def how_to_get(wants: str) -> str:
    """One clause that says what to fetch, and where it belongs."""
    path = weight_path(wants)
    if wants.startswith("hf://"):
        owner, repository, *name = wants.removeprefix("hf://").split("/")
        return f"run `{' '.join(['hf', 'download', f'{owner}/{repository}', *name])}`, which puts it into {path}"
    return f"get {wants} and put it at {path}"


@contextmanager
def refuse(record: Callable[[str], Any]) -> Iterator[None]:
    """While it is entered, files that are in the caches are read, and nothing is downloaded.

    Args:
        record: Called with the URL or `hf://OWNER/REPOSITORY/FILE` of each file that is not in a cache; the library
            that wanted it gets an `OSError`.
    """
    from unittest.mock import patch

    import huggingface_hub.constants
    import pyiqa.utils.download_util
    import timm.models._hub
    import torch.hub

    def refuse_url(url: Any, *_rest: Any, **_more: Any) -> NoReturn:
        wanted = str(getattr(url, "full_url", url))
        record(wanted)
        raise OSError(f"{wanted} is not here, and nothing is downloaded")

    from_cache = timm.models._hub.hf_hub_download

    def refuse_hub(repo_id: str, filename: str, *rest: Any, **more: Any) -> Any:
        try:
            return from_cache(repo_id, filename, *rest, **more)
        except Exception:
            record(f"hf://{repo_id}/{filename}")
            raise

    with ExitStack() as stack:
        for target in ("torch.hub", "pyiqa.utils.download_util", "timm.models._hub"):
            stack.enter_context(patch(f"{target}.download_url_to_file", refuse_url))
        stack.enter_context(patch("urllib.request.urlopen", refuse_url))  # how CLIP's loader downloads
        stack.enter_context(patch("timm.models._hub.hf_hub_download", refuse_hub))
        stack.enter_context(patch.object(huggingface_hub.constants, "HF_HUB_OFFLINE", True))
        yield
