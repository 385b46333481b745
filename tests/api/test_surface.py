"""`import harness`: what is public, what it costs, what a type checker sees of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness

ROOT = Path(__file__).parents[2]

PUBLIC = {
    "BatchMetric", "BatchRestorer", "Benchmark", "Conditions", "Degradation", "DegradedSet",
    "Evaluation", "EvaluationError",
    "HarnessError", "ImageError", "IncomparableError", "InputError", "Metric", "MetricCard",
    "MetricValue", "PluginError", "RestorationError", "Restorer", "RestorerCard", "Result",
    "Sample", "StoreError", "Task", "UnavailableError", "UnknownNameError", "Validation",
    "Validator", "compare", "degrade", "evaluate", "list_benchmarks", "list_degradations",
    "list_metrics", "list_reports", "list_restorers", "list_sets", "load_run", "rank", "restore",
    "score",
}  # fmt: skip

SNIPPET = """
import numpy as np
import torch

import harness

network = torch.nn.Conv2d(3, 3, 3, padding=1)
result: harness.Result = harness.evaluate(
    network, "sr-y", sets=["set5-x2"], metrics=["psnr-y"], scale=2, range=(0, 1)
)
best: float = result.scores()["value"].max()
path: str = str(result.report("out"))
validator = harness.Validator("sr-y", every=5000, images=8, log=print)
found = validator(network, 5000)
if found is not None and found.is_best:
    step: int | None = found.best_step
image = np.zeros((3, 8, 8), np.float32)
noisy = harness.degrade(image, "gaussian-noise:sigma_255=25")
names: list[object] = [row["name"] for row in harness.list_metrics()]
harness.evaluate(network, "sr-y", scal=2)  # wrong
harness.evaluate(network, "sr-y", on_error="rows")  # wrong
harness.evaluate_all(network, "sr-y")  # wrong
"""


def test_what_is_public_is_pinned() -> None:
    assert set(harness.__all__) == PUBLIC
    assert list(harness.__all__) == sorted(harness.__all__)


def test_every_public_name_is_there_and_says_what_it_is() -> None:
    assert [name for name in PUBLIC if not getattr(harness, name).__doc__] == []
    assert set(dir(harness)) == PUBLIC | {"__version__"}
    with pytest.raises(AttributeError, match="nonsense"):
        harness.nonsense  # noqa: B018


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import sys, harness; print([n for n in sys.modules if n.split('.')[0] in sys.argv[1:]])"
    heavy = ["numpy", "torch", "pandas", "PIL", "click", "matplotlib", "importlib.metadata"]
    done = subprocess.run(
        [sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def outside(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A type checker in a folder that knows nothing of the repository's settings."""
    (folder / "snippet.py").write_text(SNIPPET)
    environment = {**os.environ, "MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, "snippet.py"], cwd=folder, capture_output=True, text=True, check=False,
        env=environment,
    )  # fmt: skip


def test_mypy_checks_it_from_outside(tmp_path: Path) -> None:
    options = ["--strict", "--ignore-missing-imports", "--follow-imports=silent"]
    options += ["--cache-dir", str(tmp_path / "cache"), "--explicit-package-bases"]
    # torch's own sources take a minute and a half to read
    (tmp_path / "mypy.ini").write_text("[mypy]\n[mypy-torch.*]\nfollow_imports = skip\n")
    done = outside(tmp_path, sys.executable, "-m", "mypy", *options)
    lines = [line for line in done.stdout.splitlines() if "error:" in line]
    wrong = [n for n, line in enumerate(SNIPPET.splitlines(), 1) if line.endswith("# wrong")]
    assert [int(line.split(":")[1]) for line in lines] == wrong, done.stdout + done.stderr
    assert '"scal"' in lines[0]


def test_pyright_checks_it_from_outside(tmp_path: Path) -> None:
    if outside(tmp_path, sys.executable, "-m", "pyright", "--version").returncode:
        pytest.skip("pyright is not here: it fetches itself from npm when it is first run")
    # which interpreter, or it looks for torch beside whichever python is the first on PATH
    here = ["--pythonpath", sys.executable]
    done = outside(tmp_path, sys.executable, "-m", "pyright", *here)
    errors = [line for line in done.stdout.splitlines() if " - error:" in line]
    assert len(errors) == 3, done.stdout + done.stderr


def test_the_typed_marker_is_shipped() -> None:
    assert (ROOT / "harness" / "py.typed").is_file()
