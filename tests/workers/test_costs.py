"""What a call costs: operations by hand, and memory that was touched.

What is no torch module has no operations.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from harness.workers import costs
from harness.workers.costs import count_flops, runs_modules
from harness.workers.flops import count_by_shapes


def test_operations_of_a_convolution_are_those_of_its_formula() -> None:
    convolution = torch.nn.Conv2d(3, 8, 3, padding=1)
    image = np.ones((3, 20, 30), np.float32)
    out = []

    def restore() -> None:
        with torch.inference_mode():
            out.append(convolution(torch.from_numpy(image)[None])[0].numpy())

    assert runs_modules(restore)
    operations = 2 * 3 * 8 * 3 * 3 * 20 * 30
    assert count_flops(restore) == operations
    assert len(out) == 1, "it is called in another process"
    assert count_by_shapes(restore) == operations
    assert out[0].shape == out[1].shape == (8, 20, 30)
    untouched = np.linspace(0, 1, 8 * 20 * 30)
    assert np.allclose(out[1].ravel(), untouched), "nothing is computed while counting"


def test_what_does_not_end_or_leaves_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "_COUNTING_S", 0.5)
    assert count_flops(threading.Event().wait) is None
    assert count_flops(lambda: os._exit(3)) is None


def test_what_runs_no_module_has_no_operations() -> None:
    assert not runs_modules(lambda: np.ones(5) * 2)
    assert not runs_modules(lambda: 1 / 0)
    assert count_flops(lambda: np.ones(5) * 2) is None
    assert count_flops(lambda: 1 / 0) is None


MEASURE_AGAIN = """
import numpy as np
from harness.workers.costs import measure

kept = []

def work():
    parts = [np.ones(2**13) for _ in range(1024)]  # 64 KiB each, from the heap
    kept.append(np.ones(2**13))  # above them: what they leave behind stays with the process

print(*[measure(work, "cpu")[1].growth_mib for _ in range(2)])
"""


def test_memory_that_an_earlier_call_freed_is_counted_again() -> None:
    command = [sys.executable, "-c", MEASURE_AGAIN]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second = map(float, done.stdout.split())
    assert 60 < first < 100
    assert 60 < second < 100


MEASURE_TWICE = """
import json, numpy as np
from dataclasses import asdict
from harness.workers.costs import measure
value, large = measure(lambda: float(np.ones(2**23).sum()), "cpu")  # 64 MiB of float64
_, small = measure(lambda: float(np.ones(2**20).sum()), "cpu")
print(json.dumps([value, asdict(large), asdict(small)]))
"""


def test_memory_is_that_of_the_call_and_not_of_an_earlier_one() -> None:
    # a process of its own: what other tests left behind is freed at any time, and hides a peak
    command = [sys.executable, "-c", MEASURE_TWICE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    value, large, small = json.loads(done.stdout)
    assert value == 2**23
    assert 60 < large["growth_mib"] < 100
    assert small["growth_mib"] < 20
    assert large["peak_mib"] > large["growth_mib"], "no level was given: all that is held"
    assert large["cuda_mib"] is None


LATE = """
import sys
from harness.workers.costs import runs_modules

def plain():
    calls.append(0)

def late():
    import torch
    calls.append(1)
    torch.nn.Identity()(torch.ones(1))

calls = []
print(runs_modules(plain), len(calls), "torch" in sys.modules)
print(runs_modules(late), runs_modules(plain), calls)
"""


def test_torch_is_not_imported_to_see_that_it_does_not_run() -> None:
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=True)
    # what imports torch only when it is called is called once more, watched
    assert done.stdout.splitlines() == ["False 1 False", "True False [0, 1, 1, 0]"]
