"""Where a run happened: versions, hardware, git, device, and the source hash of a plugin. Provenance, not identity."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness.errors import InputError

PACKAGES = (
    "restobench", "torch", "torchvision", "numpy", "scipy", "pillow", "opencv-python-headless", "scikit-image",
    "scikit-learn", "timm", "spandrel", "basicsr", "pyiqa", "ncnn", "onnxruntime", "pandas",
)  # fmt: skip
"""Distributions whose versions can change a score."""


def describe_environment(device: str) -> dict[str, Any]:
    """Collects what a reader needs to judge or repeat a run, as JSON types; imports no heavy package."""
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


def choose_device(wanted: str) -> str:
    """Resolves `auto` to the first CUDA device, or the CPU.

    Raises:
        InputError: A device that is not here.
    """
    if wanted == "cpu":
        return wanted
    if not re.fullmatch(r"auto|cuda(:\d+)?", wanted):
        raise InputError(f"--device {wanted!r} is unknown; expected auto, cpu or cuda:0")
    import torch

    if wanted == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if not torch.cuda.is_available():
        raise InputError(
            f"--device {wanted} was asked for, and torch {torch.__version__} sees no CUDA device "
            "here"
        )
    return wanted


def source_hash(module: str) -> str:
    """SHA-256 over a module's source and, recursively, the modules of its own package that it imports.

    A restorer or metric whose code changed has another fingerprint and is run again.

    Args:
        module: Dotted name; found without being imported where that is possible.

    Returns:
        16 hex digits; of an empty source for a module without a source file.
    """
    # of the engine only the metric's own folder counts: the rest of it is versioned, not hashed
    package = ".".join(module.split(".")[: 2 if module.startswith("harness.") else 1])
    digest = hashlib.sha256()
    pending, seen = [module], {module}
    while pending:
        source = _source(pending.pop())
        digest.update(source)
        for name in sorted(_siblings(source, package) - seen):
            seen.add(name)
            pending.append(name)
    return digest.hexdigest()[:16]


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _source(module: str) -> bytes:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return b""
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return b""
    return Path(spec.origin).read_bytes()


def _siblings(source: bytes, package: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if f"{name}.".startswith(f"{package}.") and _source(name)}


def installed_versions(distributions: Sequence[str]) -> dict[str, str]:
    """Versions of those that are installed."""
    return {name: found for name in distributions if (found := _version(name))}


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        match = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text(errors="replace"))
        if match:
            return match.group(1).strip()
    return platform.processor() or platform.machine()


def _accelerator(device: str) -> str | None:
    """The GPU's name; `None` on the CPU."""
    if not device.startswith("cuda"):
        return None
    import torch

    return str(torch.cuda.get_device_name(device))


def _git() -> Mapping[str, Any] | None:
    """The commit of the folder the user works in, and whether it has changes; `None` outside of a repository."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        commit = _output(git, "rev-parse", "HEAD")
        changes = _output(git, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "dirty": bool(changes)}


def _output(*command: str) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=5, check=True
    ).stdout.strip()
