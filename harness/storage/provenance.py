"""Where a run happened: versions, hardware, git, device. It explains results and decides none."""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path

PACKAGES = (
    "restobench", "torch", "torchvision", "numpy", "scipy", "pillow", "opencv-python-headless",
    "scikit-image", "scikit-learn", "timm", "spandrel", "basicsr", "pyiqa", "ncnn", "onnxruntime",
    "pandas",
)  # fmt: skip
"""Distributions whose versions can change a score."""


def describe_environment(device: str) -> dict[str, object]:
    """Collects what a reader needs to judge or repeat a run, as JSON types.

    It imports no heavy package.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "device": device,
        "accelerator": _accelerator(device),
        "packages": installed_versions(PACKAGES),
        "git": _git(),
    }


def describe_host(device: str) -> dict[str, object]:
    """The machine that this process is on, as JSON types: what a cost depends on.

    Args:
        device: `cpu` or `cuda:N`, of which the name and the driver count.
    """
    is_cpu = not device.startswith("cuda")
    return {
        "name": platform.node(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "accelerator": _accelerator(device),
        "driver": None if is_cpu else _driver(),
    }


def host_id(host: Mapping[str, object]) -> str:
    """What rows call a machine: its name, and a few digits for what it is."""
    text = json.dumps(dict(host), sort_keys=True, default=str)
    return f"{host.get('name') or 'host'}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def _driver() -> str | None:
    """The version of the GPU's driver, where the kernel says it."""
    with suppress(OSError):
        text = Path("/proc/driver/nvidia/version").read_text(errors="replace")
        if match := re.search(r"Kernel Module\D*([\d.]+)", text):
            return match.group(1)
    with suppress(OSError):
        return Path("/sys/module/amdgpu/version").read_text().strip()
    return None


def installed_versions(distributions: Sequence[str]) -> dict[str, str]:
    """Versions of those that are installed."""
    found = {name: _version(name) for name in distributions}
    return {name: version for name, version in found.items() if version is not None}


@lru_cache(maxsize=256)
def _version(distribution: str) -> str | None:
    """The version alone: to parse all that a distribution says of itself takes 3 ms."""
    try:
        found = Distribution.from_name(distribution)
    except PackageNotFoundError:
        return None
    told = re.match(r"(?:\S.*\n)*?Version: *(\S+)\s", found.read_text("METADATA") or "")
    return told[1] if told else found.version


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        match = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text(errors="replace"))
        if match:
            return match.group(1).strip()
    return platform.processor() or platform.machine()


def _accelerator(device: str) -> str | None:
    """The GPU's name; `None` on the CPU, and where there is none, as on a cluster's front."""
    if not device.startswith("cuda"):
        return None
    import torch

    return str(torch.cuda.get_device_name(device)) if torch.cuda.is_available() else None


def _git() -> Mapping[str, object] | None:
    """The commit of the user's folder, and whether it has changes; `None` outside a repository."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    head, *lines = done.stdout.decode(errors="replace").splitlines()
    commit = head.removeprefix("# branch.oid ")
    if commit == "(initial)":  # nothing is committed yet
        return None
    return {"commit": commit, "dirty": any(not line.startswith("#") for line in lines)}
