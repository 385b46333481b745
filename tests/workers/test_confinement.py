"""What a worker may see."""

from __future__ import annotations

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
