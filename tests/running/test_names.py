"""What results call restorers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from misbehaving import TinySet

from harness.errors import InputError
from harness.plugins.specification import parse_restorer
from harness.protocols import Benchmark, Evaluation
from harness.running.plan import make_plan

BENCHMARK = Benchmark("test", "", (TinySet(size=40),), ("psnr",), Evaluation("rgb"))


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["tv:strength=2", "tv"], ["tv:strength=2", "tv"]),
        (["FOLDER/net.ts:task=denoise"], ["net"]),
        (["FOLDER/net.ts:ensemble=x8,task=denoise"], ["net:ensemble=x8"]),
        (["FOLDER/net.ts", "FOLDER/net.ts:order=bgr"], ["net", "net:order=bgr"]),
        (["FOLDER/net.ts", "FOLDER/net.torchscript"], ["net", "net.torchscript"]),
        (["misbehaving:Counting:marks=x"], ["counting:marks=x"]),
        (["ours=FOLDER/net.ts:task=denoise", "old one=tv"], ["ours", "old one"]),
    ],
)
def test_names_are_brief_and_may_be_chosen(
    tmp_path: Path, texts: list[str], names: list[str]
) -> None:
    network = torch.jit.script(torch.nn.Conv2d(3, 3, 1))
    for suffix in ("ts", "torchscript"):
        torch.jit.save(network, tmp_path / f"net.{suffix}")
    given = [text.replace("FOLDER", str(tmp_path)) for text in texts]
    given = [f"{text},probe=false" if ".ts:" in text else text for text in given]
    plan = make_plan(BENCHMARK, given)
    assert [item.name for item in plan.restorers] == names


def test_a_name_that_is_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="two restorers are called 'mine'"):
        make_plan(BENCHMARK, ["mine=tv", "mine=wavelet"])


@pytest.mark.parametrize(
    ("text", "name", "plugin"),
    [
        ("mine=tv:strength=2", "mine", "tv"),
        ("my (net) 2.1=cmd:tool --a=b {input} {output}", "my (net) 2.1", "cmd:"),
        ("cmd:tool --a=b {input} {output}", "", "cmd:"),
        ("http://host/restore?scale=2", "", "http:"),
        ("tv:strength=2", "", "tv"),
    ],
)
def test_a_name_stands_before_the_first_equals_sign(text: str, name: str, plugin: str) -> None:
    spec = parse_restorer(text)
    assert (spec.name, spec.plugin, spec.text) == (name, plugin, text)


def test_a_file_with_an_equals_sign_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lr=3.pth").touch()
    assert parse_restorer("lr=3.pth").argument == "lr=3.pth"
    assert parse_restorer("x=lr=3.pth").argument == "lr=3.pth"
