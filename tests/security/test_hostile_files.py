"""Files from elsewhere run no code here, and names from elsewhere lead nowhere but into the run."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.results import Cell
from harness.storage.places import preview, restored_stem

Command = Callable[..., tuple[int, str, str]]


class Exploit:
    """What unpickling makes of it: a command that leaves a mark."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


def zipped(marker: Path) -> bytes:
    """What `torch.save` writes today."""
    buffer = io.BytesIO()
    torch.save({"params": {"weight": torch.ones(2)}, "epoch": Exploit(marker)}, buffer)
    return buffer.getvalue()


def legacy(marker: Path) -> bytes:
    """What `torch.save` wrote before version 1.6."""
    buffer = io.BytesIO()
    torch.save({"state_dict": Exploit(marker)}, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


def plain(marker: Path) -> bytes:
    return pickle.dumps(Exploit(marker))


def script(marker: Path) -> bytes:
    """Looks like a TorchScript program."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("data.pkl", "constants.pkl"):
            archive.writestr(f"program/{name}", pickle.dumps(Exploit(marker)))
        archive.writestr("program/code/__torch__.py", f"import os\nos.system('touch {marker}')\n")
        archive.writestr("program/version", "3\n")
    return buffer.getvalue()


@pytest.mark.parametrize("make", [zipped, legacy, plain, script], ids=lambda make: make.__name__)
@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt", ".safetensors"])
def test_no_weight_file_runs_code(
    make: Callable[[Path], bytes], suffix: str, tmp_path: Path, command_line: Command
) -> None:
    marker, photo = tmp_path / "marker", tmp_path / "photo.png"
    evil = tmp_path / f"evil{suffix}"
    evil.write_bytes(make(marker))
    photo.write_bytes(b"is not looked at")
    code, _, err = command_line("restore", "-r", evil, photo, tmp_path / "out.png")
    assert code == 2
    loading, error = err.strip().splitlines()  # no traceback
    assert loading == f"loading {evil}"
    assert error.startswith("error: ")
    assert evil.name in error
    assert not marker.exists()


def test_the_exploit_is_one(tmp_path: Path) -> None:
    # what the tests above keep from happening
    pickle.loads(plain(tmp_path / "marker"))  # noqa: S301
    assert (tmp_path / "marker").exists()


names = st.one_of(
    st.text(max_size=120),
    st.sampled_from(["..", ".", "/", "../../etc/passwd", "/etc/passwd", "a/../..", "~", "C:\\x"]),
)


@given(names, names, names)
def test_no_name_leads_out_of_the_run_folder(restorer: str, set_name: str, image: str) -> None:
    run = Path("/runs/mine")
    shown = Path(preview(set_name, image, "degraded"))
    for path in (restored_stem(Cell(restorer, set_name, image)), shown):
        assert not path.is_absolute()
        inside = Path(os.path.normpath(run / path))
        assert inside.is_relative_to(run / path.parts[0])
        assert len(inside.parts) == len((run / path).parts), "no part of it is .. or empty"
