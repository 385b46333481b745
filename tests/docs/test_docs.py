"""The documentation names everything there is, its links lead somewhere, and its examples run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.evaluations import EVALUATIONS
from harness.cli.group import COMMANDS
from harness.plugins.kinds import (
    benchmarks,
    degradations,
    known_sets,
    metrics,
    reports,
    resolve_benchmark,
    restorers,
)
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions, Task
from harness.restoring.build import build_restorer

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def page(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text())
    local = [item for item in targets if "://" not in item]
    assert [item for item in local if not (path.parent / item).exists()] == []


def test_everything_is_named_where_a_reader_looks() -> None:
    every = "".join(path.read_text() for path in PAGES)
    assert [name for name in COMMANDS if f"restobench {name}" not in every] == []
    restorer_page, metric_page = page("docs/add-a-restorer.md"), page("docs/add-a-metric.md")
    assert [name for name in restorers if f"`{name}`" not in restorer_page] == []
    own = [name for name in metrics if not name.startswith("pyiqa-")]
    assert [name for name in own if f"`{name}`" not in metric_page] == []
    benchmark_page = page("docs/add-a-benchmark.md")
    assert [name for name in (*benchmarks, *known_sets) if f"`{name}`" not in benchmark_page] == []
    assert [name for name in (*degradations, *Task) if f"`{name}`" not in benchmark_page] == []
    assert [name for name in EVALUATIONS if f"`{name}`" not in page("docs/conventions.md")] == []
    assert [name for name in reports if f"`{name}`" not in page("docs/results-format.md")] == []


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page(name), re.DOTALL)


def test_the_benchmark_of_the_docs_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(blocks("docs/add-a-benchmark.md", "toml")[0])
    benchmark = resolve_benchmark(str(tmp_path / "mine.toml"))
    assert [item.name for item in benchmark.sets] == [
        "photos-sigma25", "night-sigma30", "phone", "archive", "small-photos",
        "set14-blur1.0", "set14-blur1.6", "set14-blur2.4",
        "kodak24-blur1.0", "kodak24-blur1.6", "kodak24-blur2.4",
    ]  # fmt: skip


def test_the_restorer_and_the_metric_of_the_docs_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    for document in ("add-a-restorer", "add-a-metric"):
        source = blocks(f"docs/{document}.md", "python")[0]
        (tmp_path / source.splitlines()[0].removeprefix("# ")).write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    from my_metrics import MeanAbsoluteError  # type: ignore[import-not-found]

    image = np.full((3, 9, 9), 0.5, np.float32)
    restored = build_restorer(parse_restorer("my_denoiser:Median:size=5")).restore(
        image, Conditions()
    )
    assert MeanAbsoluteError()(restored, image).value == 0


EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
WANTED = {"lightning_callback.py": "pytorch_lightning", "basicsr_metric.py": "basicsr"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_run(path: Path) -> None:
    wanted = WANTED.get(path.name)
    if wanted is not None and find_spec(wanted) is None:
        pytest.skip(f"{wanted} is not installed")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "psnr" in done.stdout


def test_the_python_page_runs(tmp_path: Path) -> None:
    script = "\n".join(blocks("docs/python.md", "python"))
    (tmp_path / "page.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "page.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ValueError: not yet") == 2
    made = {path.name for path in tmp_path.iterdir()}
    assert made >= {"distributions.pdf", "report", "baseline.json", "best.pth", "validation.csv"}


def test_the_python_page_names_what_there_is() -> None:
    import harness

    told = page("docs/python.md")
    names = [name for name in harness.__all__ if name[0].islower()]
    assert [name for name in names if not name.startswith("list_") and name not in told] == []
