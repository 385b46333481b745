"""A module, a function, a restorer, a name: what `evaluate` runs, and what it leaves behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from torch import nn

import harness
from harness.cli.group import main
from harness.errors import EvaluationError, HarnessError, InputError

SETS = {"sets": ["photos-sigma25"], "metrics": ["psnr", "ssim"], "limit": 2}
TWICE = {"sets": ["photos-x2"], "metrics": ["psnr", "ssim"], "limit": 2}


class Smooth(nn.Module):
    """Neighbours averaged, with weights that make long sums."""

    def __init__(self, scale: int = 1, span: float = 1.0) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first, self.last = nn.Conv2d(3, 24, 3, padding=1), nn.Conv2d(24, 3, 3, padding=1)
        self.drop, self.scale, self.span = nn.Dropout(0.5), scale, span

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x / self.span
        y = x + 0.1 * self.last(self.drop(torch.relu(self.first(x))))
        return self.span * nn.functional.interpolate(y, scale_factor=float(self.scale))


def values(result: harness.Result) -> list[float]:
    frame = result.scores().sort_values(["set", "image", "metric"])
    return [float(value) for value in frame["value"]]


def left_behind() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("restobench-run-*"))


@pytest.mark.filterwarnings("ignore::FutureWarning")  # torch would like torch.export better
@pytest.mark.parametrize(("scale", "chosen"), [(1, SETS), (2, TWICE)])
@pytest.mark.parametrize("suffix", ["ts", "pt2"])
def test_a_module_scores_as_its_file_does_in_a_run(
    tmp_path: Path, scale: int, chosen: Any, suffix: str
) -> None:
    network, file = Smooth(scale).eval(), tmp_path / f"network.{suffix}"
    example = (torch.rand(1, 3, 48, 56),)
    if suffix == "ts":
        torch.jit.trace(network, example).save(file)  # type: ignore[no-untyped-call]
    else:
        sides = {2: torch.export.Dim("h", min=16), 3: torch.export.Dim("w", min=16)}
        torch.export.save(torch.export.export(network, example, dynamic_shapes=(sides,)), file)
    parts = ["-m", "psnr", "-m", "ssim", "--limit", "2", "--set", chosen["sets"][0]]
    with pytest.raises(SystemExit) as leaving:
        main(["run", "-b", "quickstart", "-r", str(file), *parts, "--out", str(tmp_path / "r")])
    assert leaving.value.code == 0
    run = harness.load_run(tmp_path / "r")
    # the network is in training: dropout would tell
    mine = harness.evaluate(network.train(), "quickstart", **chosen)
    assert len(values(run)) == 4
    assert values(mine) == values(run)
    restored = [
        {(i.cell.set, i.cell.image): i.sha256 for i in r.data.restored} for r in (mine, run)
    ]
    assert restored[0] == restored[1]


def test_modes_randomness_and_gradients_are_as_before() -> None:
    network = Smooth().train()
    network.last.eval()  # frozen by its user
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)
    threads = torch.get_num_threads()
    expected = torch.get_rng_state().clone()
    wanted = random.getstate(), np.random.get_state()[1].copy()  # type: ignore[index]
    harness.evaluate(network, "quickstart", **SETS)
    assert torch.equal(torch.get_rng_state(), expected)
    assert random.getstate() == wanted[0]
    assert np.array_equal(np.random.get_state()[1], wanted[1])  # type: ignore[index]
    assert (network.training, network.last.training, network.drop.training) == (True, False, True)
    assert torch.is_grad_enabled()
    assert torch.get_num_threads() == threads
    network(torch.rand(1, 3, 8, 8)).sum().backward()
    assert network.first.weight.grad is not None


def test_what_cannot_be_pickled_runs_and_is_given_what_it_wants() -> None:
    seen = []

    def takes_bytes(image: np.ndarray, conditions: harness.Conditions) -> np.ndarray:
        seen.append((float(image.max()), image.shape[0], conditions.sigma_255))
        return image[::-1].astype(np.float64)[::-1]

    def takes_tensors(batch: torch.Tensor) -> torch.Tensor:
        return batch.clone()

    of_bytes = harness.evaluate(takes_bytes, "quickstart", range=(0, 255), order="bgr", **SETS)
    of_tensors = harness.evaluate(takes_tensors, "quickstart", takes="tensor", **SETS)
    plain = harness.evaluate({"mine": lambda image: image}, "quickstart", **SETS)
    assert values(of_bytes) == pytest.approx(values(plain), abs=1e-9)
    assert values(of_tensors) == values(plain)
    assert (of_bytes.restorers, plain.restorers) == (("takes_bytes",), ("mine",))
    largest, planes, sigma = seen[-1]
    assert 200 < largest < 400
    assert (planes, sigma) == (3, 25.0)


def test_a_range_is_converted_both_ways() -> None:
    network = Smooth(span=255.0)
    in_bytes = harness.evaluate(network, "quickstart", range=(0, 255), **SETS)
    assert values(in_bytes) == pytest.approx(
        values(harness.evaluate(Smooth(), "quickstart", **SETS))
    )
    dim, bytes_of_it = (lambda x: 0.9 * x), (lambda x: 255 * 0.9 * x)
    out_of_it = harness.evaluate(bytes_of_it, "quickstart", output_range=(0, 255), **SETS)
    plain = harness.evaluate(dim, "quickstart", **SETS)
    assert values(out_of_it) == pytest.approx(values(plain), abs=1e-4), "it is fed 0 to 1"


@pytest.mark.parametrize("said", [255, 255.0, "255", "0..255"])
def test_a_range_may_be_said_as_in_a_specification(said: Any) -> None:
    network = Smooth(span=255.0)
    in_bytes = harness.evaluate(network, "quickstart", range=said, **SETS)
    pair = harness.evaluate(network, "quickstart", range=(0, 255), **SETS)
    assert values(in_bytes) == values(pair)


@pytest.mark.parametrize(("kind", "name"), [("float16", "fp16"), ("bfloat16", "bf16")])
def test_the_precision_is_that_of_the_weights(kind: str, name: str) -> None:
    network = torch.nn.Conv2d(3, 3, 1).to(getattr(torch, kind))
    result = harness.evaluate(network, "quickstart", **SETS)
    assert set(result.leaderboard()["precision"]) == {name}


@pytest.mark.parametrize(
    ("returns", "what"),
    [(lambda _: None, "returned nothing"), (lambda x: (y for y in x), "returned a generator")],
)
def test_what_returns_no_image_is_told_so(returns: Any, what: str) -> None:
    messages = harness.evaluate(returns, "quickstart", **SETS).failures()["message"]
    assert all(what in message for message in messages)


def endless(x: torch.Tensor) -> torch.Tensor:
    return endless(x)


class Returns(nn.Module):
    """Gives back what a function makes of its input."""

    def __init__(self, make: Any) -> None:
        super().__init__()
        self.make = make

    def forward(self, x: torch.Tensor) -> Any:
        return self.make(x)


RETURNED = {
    "a dictionary": (lambda x: {"out": x}, "invalid", "returned dict; expected"),
    "an empty tuple": (lambda _: (), "invalid", "returned tuple; expected"),
    "an image without a batch": (lambda x: x[0], "invalid", r"returned \(3, .*expected \(1, C"),
    "two images": (lambda x: torch.cat([x, x]), "invalid", r"returned \(2, 3"),
    "one plane of three": (lambda x: x[:, :1], "invalid", r"returned shape \(1, .*expected \(3"),
    "half its width": (lambda x: x[..., ::2], "invalid", "returned shape"),
    "nothing": (lambda _: None, "invalid", "returned NoneType"),
    "NaN": (lambda x: x * float("nan"), "invalid", "NaN or infinite"),
    "complex numbers": (lambda x: x.to(torch.complex64), "invalid", "expected real numbers"),
    "no pixels": (lambda x: x[..., :0, :0], "invalid", "shape"),
    "an exit": (lambda _: sys.exit(3), "raised", "SystemExit: 3"),
    "an endless recursion": (lambda x: endless(x), "raised", "RecursionError"),
}  # fmt: skip


@pytest.mark.parametrize("what", RETURNED)
def test_what_a_network_returns_that_is_no_image_is_a_row(what: str) -> None:
    make, kind, message = RETURNED[what]
    failures = harness.evaluate(Returns(make), "quickstart", **SETS).failures()
    assert failures["kind"].tolist() == [kind] * 2
    assert failures["message"].str.contains(message).all(), failures["message"][0]


@pytest.mark.parametrize("make", [lambda x: (x, 1), lambda x: [x], lambda x: x.double(),
                                  lambda x: torch.nn.Parameter(x)])  # fmt: skip
def test_what_a_network_returns_beside_its_image_does_no_harm(make: Any) -> None:
    plain = values(harness.evaluate(Returns(lambda x: x), "quickstart", **SETS))
    assert values(harness.evaluate(Returns(make), "quickstart", **SETS)) == plain


async def later(image: np.ndarray) -> np.ndarray:
    return image


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (later, "a coroutine, which nobody awaits"),
        (lambda image: np.ma.masked_less(image, 0.5), "values that are masked"),
        (lambda image: image.transpose(1, 2, 0), "has shape"),
        (lambda image: (image * 255).astype(np.uint8), "has dtype uint8"),
    ],
)
def test_what_a_function_returns_that_is_no_image_is_a_row(function: Any, message: str) -> None:
    failures = harness.evaluate(function, "quickstart", **SETS).failures()
    assert failures["kind"].tolist() == ["invalid"] * 2
    assert failures["message"].str.contains(message).all(), failures["message"][0]


def test_a_function_may_return_a_tensor_with_gradients() -> None:
    weight = torch.ones(1, requires_grad=True)
    found = harness.evaluate(lambda image: torch.from_numpy(image) * weight, "quickstart", **SETS)
    assert values(found) == values(harness.evaluate(lambda image: image, "quickstart", **SETS))


def test_weights_that_are_not_there_yet_are_said() -> None:
    with pytest.raises(InputError, match="LazyConv2d has weights that are not there yet"):
        harness.evaluate(nn.LazyConv2d(3, 1), "quickstart", **SETS)


def meddle(image: Any) -> Any:
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.set_float32_matmul_precision("medium")
    torch.set_num_threads(2)
    np.seterr(all="raise")
    return image


def meddle_and_fail(image: Any) -> Any:
    raise ZeroDivisionError(meddle(image))


@pytest.mark.parametrize("on_error", ["row", "raise"])
def test_what_a_restorer_tells_torch_and_numpy_is_put_back(on_error: Any) -> None:
    part: Any = {**SETS, "metrics": ["psnr", "dri"]}
    wanted = values(harness.evaluate(lambda image: image, "quickstart", **part))
    threads, errors = torch.get_num_threads(), np.geterr()
    assert values(harness.evaluate(meddle, "quickstart", on_error=on_error, **part)) == wanted
    with pytest.raises(ZeroDivisionError):
        harness.evaluate(meddle_and_fail, "quickstart", on_error="raise", **SETS)
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    assert torch.get_float32_matmul_precision() == "highest"
    assert (torch.get_num_threads(), np.geterr()) == (threads, errors)


def test_a_restorer_and_a_name_in_this_process_are_as_in_workers() -> None:
    from restorers.nl_means import NonLocalMeans

    there = harness.evaluate("nl-means", "quickstart", **SETS)
    for here in (
        harness.evaluate(NonLocalMeans(), "quickstart", **SETS),
        harness.evaluate("nl-means", "quickstart", isolated=False, **SETS),
        harness.evaluate(NonLocalMeans, "quickstart", **SETS),
    ):
        assert values(here) == values(there)


def test_several_at_once_are_ranked_together() -> None:
    both = harness.evaluate({"net": Smooth(), "nothing": "identity"}, "quickstart", **SETS)
    assert set(both.restorers) == {"net", "nothing"}
    assert set(both.leaderboard()["restorer"]) == {"net", "nothing"}
    with pytest.raises(InputError, match="two restorers are called 'Smooth'"):
        harness.evaluate([Smooth(), Smooth()], "quickstart", **SETS)


class Broken(nn.Module):
    """Fails on the second image."""

    calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[-1] != 64:  # not the probe
            self.calls += 1
        if self.calls == 2:
            raise ZeroDivisionError("in the network")
        return x


def test_what_a_module_raises_is_a_row_or_goes_through() -> None:
    before = left_behind()
    failures = harness.evaluate(Broken(), "quickstart", **SETS).failures()
    assert failures[["restorer", "kind", "message"]].to_numpy().tolist() == [
        ["Broken", "raised", "ZeroDivisionError: in the network"]
    ]
    network = Broken().train()
    with pytest.raises(ZeroDivisionError, match="in the network"):
        harness.evaluate(network, "quickstart", on_error="raise", **SETS)
    assert network.training
    assert left_behind() <= before, "a temporary run that nobody holds"


def test_other_failures_are_raised_as_asked() -> None:
    def half(image: np.ndarray) -> np.ndarray:
        return image[:, ::2]

    assert set(harness.evaluate(half, "quickstart", scale=1, **SETS).failures()["kind"]) == {
        "invalid"
    }
    one = {"sets": ["photos-sigma25"], "limit": 1, "metrics": ["psnr"]}
    with pytest.raises(EvaluationError, match="mine on photos-sigma25/astronaut: raised: Value"):
        harness.evaluate("altered:FailsNow", "quickstart", on_error="raise", **one)


def test_ctrl_c_leaves_nothing_behind() -> None:
    class Interrupted(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.shape[-1] != 64:
                raise KeyboardInterrupt
            return x

    network, before = (
        Interrupted().train(),
        set(Path(tempfile.gettempdir()).glob("restobench-run-*")),
    )
    state = torch.get_rng_state().clone()
    with pytest.raises(KeyboardInterrupt):
        harness.evaluate(network, "quickstart", **SETS)
    assert set(Path(tempfile.gettempdir()).glob("restobench-run-*")) <= before
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)
    assert values(harness.evaluate(Smooth(), "quickstart", **SETS)), "and the next call works"


def test_a_temporary_run_goes_with_its_result() -> None:
    result = harness.evaluate(Smooth(), "quickstart", **SETS)
    folder = result.folder
    assert folder.is_dir()
    del result
    assert not folder.exists()


def test_threads_do_not_disturb_one_another() -> None:
    alone = {
        scale: values(harness.evaluate(Smooth(scale), "quickstart", **chosen))
        for scale, chosen in ((1, SETS), (2, TWICE))
    }
    found: dict[int, list[float]] = {}

    def work(network: Smooth, chosen: Any) -> None:
        found[network.scale] = values(harness.evaluate(network, "quickstart", **chosen))

    networks = (Smooth(1), SETS), (Smooth(2), TWICE)
    threads = [threading.Thread(target=work, args=each) for each in networks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone


def test_workers_serve_a_thread() -> None:
    found: list[list[float]] = []
    call = {"target": lambda: found.append(values(harness.evaluate("tv", "quickstart", **SETS)))}
    thread = threading.Thread(**call)  # type: ignore[arg-type]
    thread.start()
    thread.join()
    assert found == [values(harness.evaluate("tv", "quickstart", **SETS))]


SCRIPT = """
import harness
result = harness.evaluate("identity", "quickstart", sets=["photos-sigma25"], metrics=["psnr"],
                          limit=1)
print(len(result.scores()), flush=True)
"""


@pytest.mark.parametrize("how", ["file", "standard input"])
def test_a_script_without_a_guard_and_a_notebook_may_start_workers(
    tmp_path: Path, how: str
) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py" if how == "file" else "-"],
        input=None if how == "file" else SCRIPT, cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=300, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


BESIDE = """
import multiprocessing, os
import harness

def mine(number):
    return number + 1, os.environ["SECRET_TOKEN"]

if __name__ == "__main__":
    harness.evaluate("identity", "quickstart", sets=["photos-sigma25"], metrics=["psnr"], limit=1)
    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        print(pool.map(mine, [1]))
"""


def test_processes_of_the_users_own_are_not_those_of_the_harness(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(BESIDE)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "SECRET_TOKEN": "s"}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        timeout=300, env=environment,
    )  # fmt: skip
    assert done.stdout == "[(2, 's')]\n", done.stderr


@pytest.mark.parametrize(
    ("restorer", "how", "error", "message"),
    [
        (Smooth(), {"scal": 2}, TypeError, "no keyword scal"),
        (Smooth(), {"on_error": "rows"}, InputError, "expected row or raise"),
        (Smooth(), {"isolated": True}, InputError, "cannot be given to a worker"),
        (Smooth(), {"range": (1, 0)}, InputError, "black below white"),
        (Smooth(), {"sets": ["set5"]}, InputError, "has no set 'set5'"),
        (3, {}, InputError, "3 is no restorer"),
        ("tv", {"scale": 1}, InputError, "scale is said of networks"),
        ("bicubik", {}, InputError, "Did you mean bicubic"),
        (Smooth(2), {}, InputError, "nothing to run on quickstart: Smooth does not denoise"),
    ],
)
def test_a_mistake_is_said_before_any_work(
    restorer: object, how: Any, error: type[Exception], message: str
) -> None:
    before = left_behind()
    with pytest.raises(error, match=message):
        harness.evaluate(restorer, "quickstart", **{**SETS, **how})
    assert left_behind() <= before


WAITS = """
import sys
import harness

restorer = f"misbehaving:Counting:marks={sys.argv[1]},sleep=100"
try:
    harness.evaluate(restorer, "quickstart", sets=["photos-sigma25"], metrics=["psnr"], workers=1)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_ends_workers_and_their_run(tmp_path: Path) -> None:
    marks, folder = tmp_path / "marks", Path(tempfile.mkdtemp(dir="/tmp"))
    marks.touch()
    paths = os.pathsep.join([str(Path(__file__).parents[1] / "faults"), *sys.path])
    process = psutil.Popen(
        [sys.executable, "-c", WAITS, str(marks)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": paths, "TMPDIR": str(folder)},
    )  # fmt: skip
    for _ in range(600):
        if marks.read_text():
            break
        time.sleep(0.1)
    below = process.children(recursive=True)
    assert below, "a worker is at work"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=200)[0] == "interrupted\n"
    assert list(folder.glob("restobench-*")) == []
    assert psutil.wait_procs(below, timeout=10)[1] == []


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"order": "BGR"}, "order is 'BGR'; expected rgb or bgr"),
        ({"takes": "Tensor"}, "takes is 'Tensor'; expected array or tensor"),
        ({"channels": 2}, "channels is 2; expected 1 or 3"),
        ({"range": (0,)}, r"range is \(0,\); expected its black below white"),
        ({"output_range": (1, 1)}, r"output_range is \(1, 1\); expected its black below white"),
        ({"range": -1}, "range is .*; expected its black below white"),
        ({"range": ("0", "1")}, "range is .*; expected its black below white"),
        ({"range": "wide"}, "range is 'wide'; expected its black below white"),
        ({"workers": "two"}, "workers is 'two'; expected 1 or more"),
        ({"scale": 1.5}, "scale is 1.5; expected a whole number above 0"),
        ({"scale": 0}, "scale is 0; expected a whole number above 0"),
        ({"multiple": 0}, "multiple is 0; expected a whole number above 0"),
        ({"limit": -1}, "limit is -1; expected a number of images, 1 or more"),
        ({"limit": "2"}, "limit is '2'; expected a number of images"),
        ({"device": "tpu"}, "^device 'tpu' is unknown; expected auto, cpu or cuda:0"),
        ({"sets": "nope"}, "has no set 'nope'"),
        ({"metrics": "nope"}, "no metric is called 'nope'"),
    ],
)
def test_values_that_cannot_be_are_named_as_callers_call_them(how: Any, message: str) -> None:
    with pytest.raises(HarnessError, match=message):
        harness.evaluate(lambda image: image, "quickstart", **{**SETS, **how})


@pytest.mark.parametrize(
    ("restorers", "message"),
    [
        ([], "no restorer is given"),
        ({}, "no restorer is given"),
        ({"#1": "nl-means"}, "'#1' is no name of a restorer"),
        ({"": "nl-means"}, "'' is no name of a restorer"),
        (torch.nn.Identity, r"the class of a network; give one that was built, Identity\(\.\.\.\)"),
        (torch.nn.Conv2d(3, 3, 1).state_dict(), "load them into their network"),
    ],
)
def test_restorers_that_cannot_be(restorers: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        harness.evaluate(restorers, "quickstart", **SETS)


@pytest.mark.parametrize("workers", [-1, 0])
def test_a_number_of_workers_that_cannot_be(workers: int) -> None:
    with pytest.raises(InputError, match=f"workers is {workers}; expected 1 or more"):
        harness.evaluate("nl-means", "quickstart", **SETS, workers=workers)


def test_a_class_that_nobody_else_finds_runs_here() -> None:
    names: dict[str, Any] = {}
    code = (
        "from harness.protocols import Restorer, RestorerCard\n"
        "class Cell(Restorer):\n"
        "    def __init__(self, *, device='cpu'): self.card = RestorerCard('cell', scales=(1,))\n"
        "    def restore(self, image, conditions): return image\n"
    )
    exec(code, names)  # noqa: S102 - the text above, as a notebook runs it
    result = harness.evaluate(names["Cell"], "quickstart", **SETS)
    assert result.restorers == ("cell",)
    assert not result.data.failures


@pytest.mark.parametrize("name", [b"x", 3, None, "", " "])
def test_a_card_whose_name_is_no_text_is_refused(name: Any) -> None:
    class Named(harness.Restorer):
        card = harness.RestorerCard(name=name, licence="MIT")

        def restore(self, image: Any, conditions: Any) -> Any:
            return image

    with pytest.raises(InputError, match=r"the name on a restorer's card is .*; expected text"):
        harness.evaluate(Named(), "quickstart", **SETS)


def test_a_card_whose_name_is_no_utf8_is_escaped() -> None:
    class Named(harness.Restorer):
        card = harness.RestorerCard(name="caf\udce9", licence="MIT")

        def restore(self, image: Any, conditions: Any) -> Any:
            return image

    scores = harness.evaluate(Named(), "quickstart", **SETS).scores()
    assert set(scores["restorer"]) == {r"caf\udce9"}


@pytest.mark.parametrize("batch", [0, -3, 1025, 10**9, 2.0, "4", None])
def test_a_batch_is_a_number_of_images(batch: object) -> None:
    with pytest.raises(InputError, match=r"batch is .*; expected a number of images, 1 to 1024"):
        harness.evaluate(Smooth(), "demo", batch=batch, **SETS)  # type: ignore[arg-type]


@pytest.mark.parametrize("isolated", [None, True])
def test_a_batch_changes_no_score_beyond_the_tolerance(
    isolated: bool | None, tmp_path: Path
) -> None:
    thing: object = Smooth()
    if isolated:
        torch.jit.trace(Smooth().eval(), torch.rand(1, 3, 32, 40)).save(str(tmp_path / "s.ts"))
        thing = str(tmp_path / "s.ts:probe=false")
    chosen: Any = {**SETS, "limit": 4, "isolated": isolated}
    alone, together = (harness.evaluate(thing, "demo", batch=n, **chosen) for n in (1, 4))
    batches = {item.spent.batch for item in together.data.restored}
    assert batches == {4}, "the photographs are of one size"
    assert {item.spent.batch for item in alone.data.restored} == {1}
    assert values(together) == pytest.approx(values(alone), abs=1e-3)
