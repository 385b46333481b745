"""`score` again: after a kill, a Ctrl-C, a worker's death, and for nothing new."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from harness.images import write_image

METRICS = '''
"""A metric that does what files beside it say."""

import os
import signal
import time
from pathlib import Path

from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

HERE = Path(__file__).parent


def told(order, width):
    file = HERE / order
    return file.exists() and file.read_text() == str(width)


class Obedient(Metric):
    card = MetricCard(name="obedient", needs_reference=False, higher_is_better=True)

    def __init__(self, device="cpu"):
        pass

    def __call__(self, restored, reference=None):
        width = restored.shape[2]
        with (HERE / "calls").open("a") as file:
            file.write(f"{width}\\n")
        if told("leave", width):
            os._exit(7)
        if told("die", width):
            os.kill(os.getpid(), signal.SIGKILL)
        while told("wait", width):
            time.sleep(0.02)
        return MetricValue(width / 7)
'''

WIDTHS = range(11, 21)


class Site:
    """A distribution with a metric, and ten images 11 to 20 pixels wide."""

    def __init__(self, root: Path) -> None:
        self.root, self.images = root, root / "images"
        (root / "obedient_metric.py").write_text(METRICS)
        info = root / "obedient-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: obedient\nVersion: 1.0\n")
        entry = "[restobench.metrics]\nobedient = obedient_metric:Obedient\n"
        (info / "entry_points.txt").write_text(entry)
        self.images.mkdir()
        for width in WIDTHS:
            image = np.linspace(0, 1, 9 * width, dtype=np.float32).reshape(1, 9, width)
            write_image(self.images / f"{width}.png", image)

    def order(self, order: str, width: int) -> None:
        (self.root / order).write_text(str(width))

    def calls(self) -> list[int]:
        file = self.root / "calls"
        return list(map(int, file.read_text().split())) if file.exists() else []

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(self.root), os.environ.get("PYTHONPATH", "")])
        return subprocess.Popen(
            [sys.executable, "-m", "harness", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": path,
                "RESTOBENCH_SCORE_CACHE": str(self.root / "scores"),
            },
            # where the tests run in the background, it is ignored
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, *arguments: object) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate()
        return process.returncode, out, err


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


SCORE = ("score", "-m", "obedient", "--device", "cpu", "--json")


def test_after_sigkill_score_goes_on_where_it_was(site: Site) -> None:
    site.order("die", 15)
    code, out, _ = site.run(*SCORE, site.images)
    assert (code, out) == (-signal.SIGKILL, "")
    (site.root / "die").unlink()
    code, out, err = site.run(*SCORE, site.images)
    assert code == 0
    assert [row["value"] for row in json.loads(out)["rows"]] == [width / 7 for width in WIDTHS]
    assert "4 of 10 scores were there already" in err
    assert site.calls() == [*range(11, 16), *range(15, 21)]


def test_after_ctrl_c_workers_go_on_where_they_were(site: Site) -> None:
    site.order("wait", 15)
    process = site.start(*SCORE, site.images, "--workers", 1)
    while len(site.calls()) < 5:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "interrupted; what is done is kept" in err
    (site.root / "wait").unlink()
    code, out, err = site.run(*SCORE, site.images, "--workers", 1)
    assert code == 0
    assert [row["value"] for row in json.loads(out)["rows"]] == [width / 7 for width in WIDTHS]
    assert "4 of 10 scores were there already" in err
    assert site.calls() == [*range(11, 16), *range(15, 21)]


def test_a_worker_that_dies_is_a_row_and_the_others_go_on(site: Site) -> None:
    site.order("leave", 13)
    code, out, err = site.run(*SCORE, site.images, "--workers", 2)
    rows = {Path(row["path"]).stem: row for row in json.loads(out)["rows"]}
    assert code == 3
    assert list(rows) == list(map(str, WIDTHS))
    assert "the worker process died with exit code 7" in rows.pop("13")["error"]
    assert [row["value"] for row in rows.values()] == [w / 7 for w in WIDTHS if w != 13]
    (site.root / "leave").unlink()
    code, out, err = site.run(*SCORE, site.images)
    assert code == 0
    assert "9 of 10 scores were there already" in err


def test_any_number_of_workers_prints_the_same_bytes(site: Site) -> None:
    both = ("-m", "blur-effect", "--reference", site.images, "-m", "psnr")
    printed = set()
    for workers in ((), ("--workers", 1), ("--workers", 2)):
        code, out, err = site.run(*SCORE, site.images, *both, *workers)
        assert code == 3, "blur-effect needs 16 x 16"
        assert len(json.loads(out)["rows"]) == 30
        assert "there already" not in err
        printed.add(out)
        for file in (site.root / "scores").iterdir():
            file.unlink()
    assert len(printed) == 1


AGAIN = """
import json, sys
from harness.cli.group import main
try:
    main(sys.argv[1:])
except SystemExit as leaving:
    heavy = ("torch", "numpy", "scipy", "cv2", "skimage", "timm", "pebble", "PIL")
    print(json.dumps([leaving.code, [name for name in heavy if name in sys.modules]]))
"""


def test_scores_that_are_there_need_neither_torch_nor_a_metric(site: Site) -> None:
    photo = site.images / "20.png"
    command = ("score", photo, "-m", "dri", "--device", "cpu")
    code, first, _ = site.run(*command)
    assert code == 0
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, *map(str, command)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "RESTOBENCH_SCORE_CACHE": str(site.root / "scores")},
    )
    *again, imported = done.stdout.splitlines()
    assert json.loads(imported) == [0, []]
    assert again == first.splitlines()
    assert done.stderr == "1 of 1 scores were there already\n"


def test_quiet_says_nothing(site: Site) -> None:
    for _ in range(2):
        assert site.run("--quiet", *SCORE[:-1], site.images) == (0, "", "")
