"""Debian's Chromium, driven by playwright, and a report for it to show.

Tests skip where either of the two is missing. `RESTOBENCH_BROWSER=firefox` drives Debian's Firefox
in its place, by WebDriver BiDi: playwright 1.60 does, later ones want a Firefox after 153. There
they have no touch, dark pages, pages without scripts, downloads and clipboard, and a screenshot
puts in a style that the pages refuse: tests that need those skip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fabricated_run import fabricate, hostile
from many_restorers import many
from visits import Visit
from voted_run import TEXTS, store, taste_of

from harness.api.people.server import StudyServer
from harness.api.people.studies import StudyWishes, make_study
from harness.people.sessions import Budget
from harness.people.study import Study
from harness.plugins.kinds import resolve_benchmark
from harness.reporting.assemble import assemble
from harness.running.plan import make_plan
from harness.running.runner import run_plan
from harness.storage.store import load_run
from reports.html.report import HTMLReport

STUDIED = ("identity", "tv", "wavelet", "gaussian")
CHROMIUM, FIREFOX = Path("/usr/bin/chromium"), Path("/usr/bin/firefox-esr")
IN_FIREFOX = os.environ.get("RESTOBENCH_BROWSER") == "firefox"
NOT_IN_FIREFOX = {"has_touch", "java_script_enabled"}
NAME = (
    "</script><script>document.title = 'owned'</script>"
    "<img src=x onerror=\"document.title='owned'\">"
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = FIREFOX if IN_FIREFOX else CHROMIUM
    if not program.is_file():
        pytest.skip(f"{program} is not installed")
    with playwright.sync_playwright() as engine:
        if IN_FIREFOX:
            browser = engine.firefox.launch(executable_path=str(program), channel="moz-firefox")
        else:
            arguments = [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            ]  # fmt: skip
            browser = engine.chromium.launch(executable_path=str(program), args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two reports: `report`, and `hostile` of the same run, with names of markup."""
    run = tmp_path_factory.mktemp("run")
    data = fabricate(run, images=6, side=128)
    HTMLReport().write(assemble(data, run, title="A title", notes="Some notes"), run / "report")
    hostile_run = replace(assemble(hostile(data, NAME, "../x.png"), run), title=NAME, notes=NAME)
    HTMLReport().write(hostile_run, run / "hostile")
    return run


@pytest.fixture(scope="session")
def many_restorers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a hundred restorers on twenty sets by six metrics."""
    run = tmp_path_factory.mktemp("many")
    return HTMLReport().write(assemble(many(run), run), run / "report").parent


@pytest.fixture
def open_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visit]]:
    """Opens a file or an address as a page: `open_page(path, color_scheme="dark")`."""
    visits: list[Visit] = []
    marked = request.node.get_closest_marker("chromium") is not None

    def visit(path: Path | str, hash: str = "", **context: Any) -> Visit:
        dark = context.get("color_scheme") == "dark"
        if IN_FIREFOX and (marked or dark or NOT_IN_FIREFOX & context.keys()):
            pytest.skip("playwright cannot do this with Firefox")
        visits.append(Visit(browser, path, hash, **context))
        return visits[-1]

    yield visit
    for found in visits:
        found.page.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's script, by npm; the only thing of the tests that is not from pip."""
    here = Path(__file__).parent
    script = here / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm is not installed")
        quietly = ["--silent", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run([npm, "install", *quietly], cwd=here, check=True)
    return script.read_text()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study, Path, Any]:
    """A run, a study of four of its denoisers, its page, and the taste that observers have."""
    run = tmp_path_factory.mktemp("voted") / "run"
    run.mkdir()
    data = fabricate(run, images=8, side=128)
    store(data, run)
    wishes = StudyWishes(TEXTS, Budget(4, 6, 8), STUDIED, ("photos-sigma25",))
    study, page = make_study(run, run.parent / "page", wishes)
    return run, study, page, taste_of(data, "psnr", 3.0)


@pytest.fixture(scope="session")
def made_of_demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study, Path, Any]:
    """The same of a run of the demo: one of its sets, and three of its restorers."""
    run = tmp_path_factory.mktemp("voted-demo") / "run"
    names = ["nearest", "bicubic", "lanczos"]
    run_plan(make_plan(resolve_benchmark("demo"), names, ["psnr"], ["photos-x2"]), run)
    study, page = make_study(run, run.parent / "page", StudyWishes(TEXTS, Budget(4, 6, 8)))
    return run, study, page, taste_of(load_run(run), "psnr", 10.0)  # about 3 log odds a decibel


@pytest.fixture
def served(made: tuple[Path, Study, Path, Any], tmp_path: Path) -> Iterator[StudyServer]:
    page = Path(shutil.copytree(made[2].parent, tmp_path / "page"))
    with StudyServer(page, tmp_path / "votes") as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
