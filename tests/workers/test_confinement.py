"""What a worker may see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.workers.confinement import allowed_environment


def test_an_allow_list_and_what_the_user_adds_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "RLFN_WEIGHTS": True, "CUDA_VISIBLE_DEVICES": True, "LC_ALL": True, "MY_MODELS_DIR": True,
        "NAMED_TOKEN": True, "AWS_SECRET_ACCESS_KEY": False, "HF_TOKEN": False,
        "RESTOBENCH_API_KEY": False, "TOKEN_PATH": False, "https_proxy": False, "ANYTHING": False,
    }  # fmt: skip
    for name in given:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("RESTOBENCH_ALLOW", "NAMED_TOKEN,ABSENT")
    seen = allowed_environment()
    assert {name: name in seen for name in given} == given


THREADS = """
import json, sys
from harness.workers.pool import WorkerPool, announce

def look():
    imported = [name for name in ("torch", "cv2") if name in sys.modules]
    import cv2, numpy, scipy.linalg, torch
    from threadpoolctl import threadpool_info
    torch.set_num_interop_threads(2)  # torch itself would raise: it is set already
    pools = {pool["internal_api"]: pool["num_threads"] for pool in threadpool_info()}
    torch_threads = torch.get_num_threads(), torch.get_num_interop_threads()
    return imported, [*torch_threads, cv2.getNumThreads()], pools

if __name__ == "__main__":
    announce(lambda: sys.argv[1:])
    with WorkerPool(1) as pool:
        print(json.dumps(pool.run(look, timeout=60)))
"""


@pytest.mark.parametrize("announced", [[], ["torch"], ["torch", "cv2", "no_such_module"]])
def test_a_worker_has_one_thread_whatever_was_imported_before(
    announced: list[str], tmp_path: Path
) -> None:
    (tmp_path / "look.py").write_text(THREADS)
    command = [sys.executable, str(tmp_path / "look.py"), *announced]
    # as on a machine with many cores, where nobody has set a number
    environment = {key: value for key, value in os.environ.items() if "THREADS" not in key}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    imported, threads, pools = json.loads(done.stdout)
    assert imported == announced[:2]
    assert threads == [1, 1, 1]
    assert set(pools.values()) == {1}
    assert "openblas" in pools or "mkl" in pools
