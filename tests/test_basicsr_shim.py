"""basicsr without its own `__init__`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness import basicsr_shim
from harness.errors import UnavailableError


def test_archs_and_metrics_import_without_basicsrs_init() -> None:
    code = (
        "from harness.basicsr_shim import import_basicsr as get;"
        "assert callable(get('basicsr.metrics.niqe').calculate_niqe);"
        "assert callable(get('basicsr.archs').build_network);"
        "import importlib.util; assert importlib.util.find_spec('basicsr.utils') is not None"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_build_network_makes_the_architecture_that_options_name() -> None:
    import torch

    options = {
        "type": "MSRResNet", "num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_block": 1,
        "upscale": 2,
    }  # fmt: skip
    with torch.no_grad():
        assert basicsr_shim.build_network(options)(torch.zeros(1, 3, 8, 10)).shape == (1, 3, 16, 20)
    assert options["type"] == "MSRResNet", "the caller's options are left alone"


def test_without_basicsr_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basicsr_shim.PathFinder, "find_spec", lambda *_: None)
    with pytest.raises(UnavailableError, match="basicsr") as raised:
        basicsr_shim.import_basicsr("basicsr.archs")
    assert "\n" not in str(raised.value)
    monkeypatch.setattr(sys, "version_info", (3, 13))
    assert "3.11 or 3.12" in str(basicsr_shim.missing())


def test_importing_the_shim_imports_nothing_heavy() -> None:
    code = (
        "import sys, harness.basicsr_shim as s; s.missing();"
        "assert not {'torch', 'basicsr', 'cv2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
