"""Metrics of sets: measured when cells are done, of whole sets only, and once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from misbehaving import TinySet

import harness
from harness.cards import SetMetricCard
from harness.errors import ImageError, InputError
from harness.images import Image, read_image
from harness.plugins.kinds import set_metrics
from harness.protocols import Benchmark, Evaluation, SetMetric
from harness.ranking.set_standings import NOT_MEASURED, set_standings
from harness.reporting.assemble import assemble
from harness.results import RunData, SetStanding
from harness.running.plan import make_plan
from harness.running.progress import Progress
from harness.running.runner import run_plan
from harness.statistics.set_distances import frechet
from harness.storage.clearing import clear
from harness.storage.metadata import SET_SCORES, read_set_scores, write_set_scores
from harness.storage.store import Store, load_run
from reports.html.report import HTMLReport
from reports.latex import LatexReport
from reports.markdown import MarkdownReport
from reports.paper import paper_tables
from reports.table import CSVReport, JSONReport

Command = Callable[..., tuple[int, str, str]]
IDS = tuple(f"{number:02d}" for number in range(30))


class Light(SetMetric):
    """The Frechet distance of means and spreads: a network that needs no weights."""

    card = SetMetricCard("light", rank_from=30, bounds=(0.0, float("inf")))
    described: ClassVar[int] = 0

    def __init__(self, device: str = "cpu") -> None:
        pass

    def features(self, image: Image) -> npt.NDArray[np.float64]:
        type(self).described += 1
        return np.array([[image.mean(), image.std(), image.max()]], np.float64)

    def distance(
        self, restored: npt.NDArray[np.float64], reference: npt.NDArray[np.float64]
    ) -> float:
        return frechet(restored, reference)


class Doubled(Light):
    """Out of the same module, with other features."""

    card = replace(Light.card, name="doubled")

    def features(self, image: Image) -> npt.NDArray[np.float64]:
        return 2 * super().features(image)


class Choosy(Light):
    """Wants larger images."""

    card = replace(Light.card, name="choosy")

    def features(self, image: Image) -> npt.NDArray[np.float64]:
        raise ImageError("choosy needs at least 999 pixels")


class InPlace:
    """A pool that does its work at once, where the metric of a test is known."""

    def __init__(self, _workers: int) -> None:
        pass

    def run(self, function: Callable[..., object], *arguments: object, timeout: float) -> object:
        assert timeout > 0
        return function(*arguments)

    def __enter__(self) -> InPlace:
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.fixture(scope="module", autouse=True)
def _known() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.scoring.set_scores.WorkerPool", InPlace)
        for cls in (Light, Doubled, Choosy):
            patch.setitem(set_metrics._added, cls.card.name, cls)
        yield


def run(
    folder: Path, *metrics: str, restorers: str = "Good Halves", ids: tuple[str, ...] = IDS
) -> RunData:
    benchmark = Benchmark("test", "", (TinySet(images=ids),), ("psnr",), Evaluation("rgb"))
    texts = [f"misbehaving:{name}" for name in restorers.split()]
    run_plan(make_plan(benchmark, texts, metrics), folder, progress=Progress())
    return load_run(folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunData]:
    """A run by a metric that measures, and by one that does not."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, run(folder, "psnr", "light", "choosy")


def by_light(data: RunData) -> list[SetStanding]:
    return [row for row in set_standings(data) if row.metric == "light"]


def test_the_value_is_that_of_the_images_and_references(finished: tuple[Path, RunData]) -> None:
    folder, data = finished
    tiny = TinySet(images=IDS)
    beside = [tiny.sample(image).reference for image in IDS]
    for row in by_light(data):
        files = sorted((folder / "restored" / row.restorer).rglob("*.png"))
        assert len(files) == 30
        both = ([Light().features(image)[0] for image in images]
                for images in (map(read_image, files), beside))  # fmt: skip
        assert row.value == pytest.approx(frechet(*map(np.array, both)), abs=1e-12)
    best, worst = by_light(data)
    assert (best.restorer, best.rank, best.rank_low, best.rank_high) == ("Good", 1, 1, 1)
    assert (worst.restorer, worst.rank, worst.images, worst.of) == ("Halves", 2, 30, 30)
    assert worst.value and worst.ci_low and worst.ci_high
    assert 0 < worst.ci_low < worst.value < worst.ci_high


def test_a_metric_that_measures_no_set_says_why(finished: tuple[Path, RunData]) -> None:
    rows = [row for row in set_standings(finished[1]) if row.metric == "choosy"]
    assert [(row.value, row.rank) for row in rows] == [(None, None)] * 2
    assert all("999 pixels" in row.reason for row in rows)


def test_nothing_is_ranked_below_the_stated_number(finished: tuple[Path, RunData]) -> None:
    data = finished[1]
    cards = {"light": replace(Light.card, rank_from=31)}
    rows = set_standings(replace(data, set_scores=replace(data.set_scores, cards=cards)))
    assert [row.reason for row in rows] == ["not ranked: 30 images, of at least 31"] * 2
    assert all(row.value is not None and row.rank is None for row in rows)


def test_changed_images_are_not_measured_and_lacking_ones_neither(
    finished: tuple[Path, RunData],
) -> None:
    data = finished[1]
    first, *rest = data.restored
    changed = replace(data, restored=[replace(first, sha256="0" * 64), *rest])
    reasons = {row.restorer: row.reason for row in by_light(changed)}
    assert reasons.pop(first.cell.restorer) == NOT_MEASURED
    assert list(reasons.values()) == [""]
    lacking = {row.restorer: row for row in by_light(replace(data, restored=rest))}
    row = lacking[first.cell.restorer]
    assert (row.value, row.reason) == (None, "29 of 30 images: a value is of the whole set")


def test_what_is_measured_is_not_measured_again(tmp_path: Path) -> None:
    data = run(tmp_path / "run", "psnr", "light", restorers="Halves", ids=IDS[:3])
    [row] = by_light(data)
    assert row.reason == "not ranked: 3 images, of at least 24"
    Light.described = 0
    assert (
        run(tmp_path / "run", "psnr", "light", restorers="Halves", ids=IDS[:3]).set_scores
        == data.set_scores
    )
    assert Light.described == 0
    data = run(tmp_path / "run", "light", restorers="Good", ids=IDS[:3])
    assert Light.described == 3, "the references' features were kept"
    assert [row.restorer for row in by_light(data)] == ["Good", "Halves"]
    assert data.run.plan.metrics == ("psnr",), "the benchmark's own metrics are measured beside it"


def test_metrics_of_one_module_share_no_features(tmp_path: Path) -> None:
    data = run(tmp_path / "run", "psnr", "light", "doubled", restorers="Halves", ids=IDS[:6])
    one, two = set_standings(data)
    assert one.value
    assert two.value == pytest.approx(4 * one.value), "it is the square of a distance"


def test_other_weights_measure_again_the_references_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"old")

    class File:
        def find(self) -> Path:
            return weights

    monkeypatch.setattr(Light, "wanted", lambda: [File()], raising=False)
    run(tmp_path / "run", "psnr", "light", restorers="Halves", ids=IDS[:5])
    weights.write_bytes(b"new")
    Light.described = 0
    run(tmp_path / "run", "psnr", "light", restorers="Halves", ids=IDS[:5])
    assert Light.described == 10, "five restored images, five references"


def test_a_value_of_other_weights_is_gone_before_the_next_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path / "run", "psnr", "light", ids=IDS[:3])
    monkeypatch.setattr("harness.scoring.set_scores.metric_fingerprint", lambda *_: "another")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(InPlace, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", "psnr", "light", ids=IDS[:3])
    assert {row.reason for row in by_light(load_run(tmp_path / "run"))} == {NOT_MEASURED}


def test_restorers_whose_bootstraps_differ_in_length_are_ranked(
    finished: tuple[Path, RunData],
) -> None:
    """As where one has so many feature vectors that fewer samples are drawn."""
    scores = finished[1].set_scores
    rows = list(scores.rows)
    place = next(n for n, row in enumerate(rows) if row.metric == "light")
    rows[place] = replace(rows[place], replicates=rows[place].replicates[:40])
    shorter = replace(finished[1], set_scores=replace(scores, rows=tuple(rows)))
    before, after = by_light(finished[1]), by_light(shorter)
    assert [row.rank for row in after] == [row.rank for row in before] == [1, 2]


def test_references_that_are_gone_are_made_again(tmp_path: Path) -> None:
    run(tmp_path / "run", "psnr", restorers="Halves", ids=IDS[:4])
    clear()
    [row] = by_light(run(tmp_path / "run", "psnr", "light", restorers="Halves", ids=IDS[:4]))
    assert row.value is not None


def test_reports_show_them(
    finished: tuple[Path, RunData], tmp_path: Path, command_line: Command
) -> None:
    folder, data = finished
    report = assemble(data, folder)
    shown = {
        "md": MarkdownReport().write(report, tmp_path / "a.md").read_text(),
        "html": "".join(
            path.read_text()
            for path in HTMLReport().write(report, tmp_path / "a.html").parent.rglob("*.html")
        ),
    }
    CSVReport().write(report, tmp_path / "a.csv")
    shown["csv"] = (tmp_path / "a-sets.csv").read_text()
    for kind, text in shown.items():
        assert "light" in text, kind
        assert "999 pixels" in text, kind
    document = json.loads(JSONReport().write(report, tmp_path / "a.json").read_text())
    [best, *_] = document["set_standings"]
    assert best["value"] == by_light(data)[0].value
    code, out, _ = command_line("rank", folder)
    assert code == 0
    assert "tiny, 30 images as a whole, by light: lower is better" in out
    assert "999 pixels" in out
    rows = json.loads(command_line("rank", folder, "--json")[1])["set_standings"]
    assert rows[0] == best


def test_commands_that_leave_them_out_say_so(
    finished: tuple[Path, RunData], tmp_path: Path, command_line: Command
) -> None:
    folder, _ = finished
    shutil.copytree(folder, tmp_path / "other")
    for call, done in (
        (("compare", folder, "--baseline", tmp_path / "other"), "compared"),
        (("baseline", folder, "-o", tmp_path / "b.json"), "kept"),
    ):
        code, _, error = command_line(*call)
        assert (code, error) == (0, f"metrics of sets are not {done}: light, choosy\n")
    for call in (("check", "light"), ("rank", folder, "--by", "light"), ("check", "doubled")):
        code, _, error = command_line(*call)
        assert (code, f"error: {call[-1]} is a metric of sets" in error) == (2, True)


def test_tables_of_papers_have_them_where_they_are_asked_for(
    finished: tuple[Path, RunData], tmp_path: Path
) -> None:
    folder, data = finished
    report = replace(assemble(data, folder), columns=("psnr", "light"), digits=3)
    best = by_light(data)[0]
    text = LatexReport().write(report, tmp_path / "a.tex").read_text()
    assert rf"\textbf{{{best.value:.3f}}}" in text
    assert r"psnr $\uparrow$/light $\downarrow$" in text
    assert "; light of the whole set" in text
    grid = MarkdownReport().write(report, tmp_path / "a.md").read_text()
    assert f"**{best.value:.3f}**" in grid
    [table] = paper_tables(replace(report, intervals=True))
    row = next(
        row for rows in table.blocks.values() for row in rows if row.restorer == best.restorer
    )
    figure = row.cells[0][1]
    assert float(figure.above) == pytest.approx(best.ci_high - best.value, abs=6e-4)
    assert float(figure.below) == pytest.approx(best.value - best.ci_low, abs=6e-4)
    assert (
        "light" not in LatexReport().write(assemble(data, folder), tmp_path / "b.tex").read_text()
    )


def test_merged_runs_keep_them(
    finished: tuple[Path, RunData], tmp_path: Path, command_line: Command
) -> None:
    folder, data = finished
    shutil.copytree(folder, tmp_path / "other")
    with Store(tmp_path / "other", create=True) as store:
        scores = read_set_scores(store.read_meta(SET_SCORES))
        gone = replace(scores, rows=tuple(row for row in scores.rows if row.metric != "light"))
        store.set_meta(**{SET_SCORES: write_set_scores(gone)})
    code, _, error = command_line("merge", tmp_path / "other", folder, "-o", tmp_path / "both")
    assert (code, error) == (0, "")
    assert set_standings(load_run(tmp_path / "both")) == set_standings(data)
    with Store(tmp_path / "other", create=True) as store:
        other = tuple(replace(row, fingerprint="0" * 8) for row in scores.rows)
        store.set_meta(**{SET_SCORES: write_set_scores(replace(scores, rows=other))})
    code, _, error = command_line("merge", tmp_path / "other", folder, "-o", tmp_path / "worse")
    assert code == 4
    assert "fingerprint of the metric" in error
    assert not (tmp_path / "worse").exists()


def test_python_measures_restorers_that_have_names(tmp_path: Path) -> None:
    benchmark = tmp_path / "small.toml"
    benchmark.write_text(
        'metrics = ["psnr"]\n[[sets]]\nname = "tiny"\ntask = "denoise"\nphotos = 64\n'
        'degradations = [{ name = "gaussian-noise", sigma_255 = 25.0 }]\n'
    )
    choice: dict[str, Any] = {"metrics": ["light"], "limit": 3}
    [row] = harness.evaluate("identity", str(benchmark), **choice).set_standings().itertuples()
    assert (row.metric, row.restorer, row.images, row.of) == ("light", "identity", 3, 3)
    assert row.value > 0
    with pytest.raises(InputError, match="light is a metric of sets"):
        harness.evaluate(lambda image: image, str(benchmark), **choice)


def test_damaged_values_are_left_out(tmp_path: Path) -> None:
    data = run(tmp_path / "run", "psnr", "light", restorers="Halves", ids=IDS[:3])
    with Store(tmp_path / "run", create=True) as store:
        store.set_meta(set_scores={"cards": {"light": {"rank_from": 1}}, "rows": [7, {"set": 3}]})
    [row] = by_light(load_run(tmp_path / "run"))
    assert (row.value, row.reason) == (None, NOT_MEASURED)
    assert by_light(data)[0].value is not None


def test_the_bootstrap_is_as_wide_as_values_of_other_images() -> None:
    from harness.scoring.set_scores import _values

    generator = np.random.default_rng(2)

    def drawn() -> list[npt.NDArray[np.float64]]:
        restored = generator.normal(1.0, 1.0, (120, 1, 3))
        return [*restored]

    def reference() -> list[npt.NDArray[np.float64]]:
        return [*generator.normal(0.0, 1.0, (120, 1, 3))]

    measured = [_values(Light(), drawn(), reference()) for _ in range(40)]
    spreads = [np.std(item.replicates, ddof=1) for item in measured]
    true = np.std([item.value for item in measured], ddof=1)
    assert 0.7 < np.mean(spreads) / true < 1.4
