"""What a restorer returns lies in another range than its card says: no white picture is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from harness.cards import check_feeding
from harness.errors import InputError, RestorationError
from harness.images import Image
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions, Restorer, RestorerCard
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer
from harness.restoring.probing import probe_photo, wrong_range

Restore = Callable[[Image], Any]


class Calls(Restorer):
    """A class of a user's own around a function, without learned weights."""

    def __init__(self, function: Restore, **card: Any) -> None:
        self.card = RestorerCard("calls", parameters=0, **card)
        self.function = function

    def restore(self, image: Image, conditions: Conditions) -> Image:
        return self.function(image)  # type: ignore[no-any-return]


def rgb(plane: Image) -> Image:
    return np.stack([plane] * 3).astype(np.float32)


def noisy(image: Image, sigma_255: float, *, clipped: bool = True) -> Image:
    noise = np.random.default_rng(1).normal(0, sigma_255 / 255, image.shape)
    result = (image + noise).astype(np.float32)
    return np.clip(result, 0, 1) if clipped else result


PHOTO = probe_photo()
BLACK, WHITE = np.zeros((3, 32, 32), np.float32), np.ones((3, 32, 32), np.float32)
STARS = BLACK.copy()
STARS[:, 5::9, 5::9] = 0.7
TEXT = WHITE.copy()
TEXT[:, ::4, ::3] = 0
NIGHT = PHOTO * np.float32(0.04)
LIKE_UINT8: dict[str, Image] = {
    "photo": PHOTO, "night": NIGHT, "white": WHITE, "stars": STARS, "text": TEXT,
    "noise": noisy(PHOTO, 50, clipped=False), "one-pixel": PHOTO[:, 9:10, 9:10],
}  # fmt: skip


@pytest.mark.parametrize("image", LIKE_UINT8.values(), ids=LIKE_UINT8)
def test_0_to_255_returned_where_1_is_white(image: Image) -> None:
    restorer = Calls(lambda fed: np.clip(fed, 0, 1) * np.float32(255))
    with pytest.raises(RestorationError, match=r"white.*set output_range=255 \(a class:"):
        restore_image(restorer, image, Conditions())
    told = Calls(restorer.function, output_range=(0, 255))
    restored = restore_image(told, image, Conditions())
    assert np.allclose(restored, np.clip(image, 0, 1), atol=1e-6)


@pytest.mark.parametrize(
    ("returns", "card", "message"),
    [
        (lambda fed: fed / 255, {"value_range": (0, 255)}, "is black .* output_range=1 "),
        (lambda fed: fed * 0, {}, "is black"),
        (lambda fed: fed * 0 + 1, {}, "is white"),
        (lambda fed: fed * 2 - 2.5, {}, r"is black .* return values in that"),
        (lambda fed: fed * 255, {"value_range": (0, 255)}, "is white .* return values in that"),
        (lambda fed: fed * 65535, {}, "is white .* return values in that"),
    ],
    ids=["0-1-of-0-255", "all-black", "all-white", "negative", "255-times-255", "16-bits"],
)
def test_blank_where_the_input_is_not(returns: Restore, card: Any, message: str) -> None:
    with pytest.raises(RestorationError, match=message):
        restore_image(Calls(returns, **card), PHOTO, Conditions())


def test_no_range_is_named_that_would_make_another_wrong_picture() -> None:
    """Normalised values are no -1..1, in which they would pass."""
    for returns in (lambda fed: (fed - MEAN) / np.float32(0.225), lambda fed: fed * 1.9):
        with pytest.raises(
            RestorationError, match=r"clipped .* return values in that output_range"
        ):
            restore_image(Calls(returns), PHOTO, Conditions())


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (
            {"output_range": (0, float("nan"))},
            r"output_range .* is \(0, nan\); expected two finite",
        ),
        ({"output_range": (255, 0)}, "expected two finite numbers, black below white"),
        ({"output_range": "255"}, "output_range on the card of calls is '255'"),
        ({"value_range": (0, 1, 2)}, "value_range .* expected two finite"),
        ({"value_range": 255}, "value_range .* is 255"),
        ({"channel_order": "gbr"}, "channel_order .* is 'gbr'; expected rgb or bgr"),
        ({"size_multiple": 0}, "size_multiple .* is 0; expected a whole number above 0"),
        ({"size_multiple": 2.5}, "size_multiple .* is 2.5"),
    ],
)
def test_a_card_that_cannot_be_followed_is_refused(card: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_feeding(RestorerCard("calls", **card))


MEAN = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None]
WRONG: dict[str, tuple[Restore, str]] = {
    "0-255-around-0": (lambda fed: fed * 255 - np.float32(127.5), "clipped in"),
    "-255-to-255": (lambda fed: (2 * fed - 1) * 255, "clipped in"),
    "four-times": (lambda fed: fed * 4, "clipped in"),
    "-1-to-1": (lambda fed: 2 * fed - 1, "clipped in"),
    "normalised": (lambda fed: (fed - MEAN) / np.float32(0.225), "clipped in"),
    "a-plane-of-0-255": (lambda fed: np.stack([fed[0], fed[1] * 255, fed[2]]), "clipped in"),
    "rows-of-0-255": (
        lambda fed: np.concatenate([fed[:, :40] * 255, fed[:, 40:]], 1),
        "clipped in",
    ),
    "a-hundredth": (lambda fed: fed / 100, "flat in a plane"),
    "almost-white": (lambda fed: 1 - fed / 100, "flat in a plane"),
    "grey": (lambda fed: fed * 0 + np.float32(0.5), "flat in a plane"),
    "a-plane-of-0": (lambda fed: np.stack([fed[0], fed[1] * 0, fed[2]]), "flat in a plane"),
    "a-negative": (lambda fed: 1 - fed, "a negative"),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("sigma", [0, 25])
def test_what_is_no_picture_of_what_was_given(kind: str, sigma: float) -> None:
    function, what = WRONG[kind]
    image = noisy(PHOTO[:, :64, :64], sigma)
    with pytest.raises(RestorationError, match=f"the picture is {what}"):
        restore_image(Calls(function), image, Conditions())


def test_what_a_mask_hides_is_no_structure() -> None:
    hidden = PHOTO[:, :64, :64] * 0 + np.float32(0.5)
    mask = np.zeros(hidden.shape[1:], bool)
    mask[:, 20:] = True
    holes = np.where(mask, hidden, 0).astype(np.float32)
    restored = restore_image(Calls(lambda _: hidden), holes, Conditions(mask=mask))
    assert np.array_equal(restored, hidden)


def overshoots(fed: Image) -> Image:
    """A network that rings by a half, and blows up in one pixel."""
    result = fed + (fed - gaussian_filter(fed, (0, 1, 1))) * 3
    result[0, 3, 3] = 80
    return result.astype(np.float32)


GOOD: dict[str, tuple[Image, Restore]] = {
    "white": (WHITE, lambda fed: fed),
    "black": (BLACK, lambda fed: fed),
    "white-a-little-over": (WHITE, lambda fed: fed + 0.2),
    "one-black-pixel": (BLACK[:, :1, :1], lambda fed: fed),
    "one-white-pixel": (WHITE[:, :1, :1], lambda fed: fed),
    "noise-on-black": (noisy(BLACK, 50), lambda fed: fed * 0),
    "noise-on-white": (noisy(WHITE, 50), lambda fed: fed * 0 + 1),
    "much-noise-on-black": (noisy(BLACK, 150), lambda fed: fed * 0),
    "noise-of-any-size": (noisy(PHOTO, 500, clipped=False), lambda fed: fed),
    "noise-on-white-kept": (noisy(WHITE, 500, clipped=False), lambda fed: fed),
    "flat-after-noise": (noisy(BLACK + 0.5, 50), lambda fed: fed * 0 + 0.5),
    "text": (noisy(TEXT, 25), lambda fed: (fed > 0.5).astype(np.float32)),
    "text-black-on-white-blurred": (gaussian_filter(TEXT, (0, 1, 1)), lambda fed: fed),
    "night-made-day": (NIGHT, lambda fed: fed * 25),
    "night": (NIGHT, lambda fed: fed),
    "stars": (noisy(STARS, 10), lambda fed: fed),
    "overshoot": (PHOTO, overshoots),
    "almost-black": (BLACK + 2 / 255, lambda fed: fed * 0),
}


@pytest.mark.parametrize(("image", "function"), GOOD.values(), ids=GOOD)
@pytest.mark.parametrize("planes", [1, 3])
def test_what_is_right_is_left_alone(image: Image, function: Restore, planes: int) -> None:
    image = image[:planes].astype(np.float32)
    restored = restore_image(
        Calls(lambda fed: function(fed).astype(np.float32)), image, Conditions()
    )
    assert np.array_equal(restored, np.clip(function(image), 0, 1).astype(np.float32))


def affine(path: Path, factor: float, dtype: int = 1, out: int | None = None) -> str:
    """A network that multiplies its input, with outputs of another type perhaps."""
    onnx: Any = pytest.importorskip("onnx", reason="onnx writes the files that are tested")
    helper, shape = onnx.helper, [1, 3, "h", "w"]
    nodes = [
        helper.make_node("Cast", ["in"], ["float"], to=1),
        helper.make_node("Mul", ["float", "factor"], ["scaled"]),
        helper.make_node("Cast", ["scaled"], ["out"], to=out or dtype),
    ]
    graph = helper.make_graph(
        nodes,
        "affine",
        [helper.make_tensor_value_info("in", dtype, shape)],
        [helper.make_tensor_value_info("out", out or dtype, shape)],
        [helper.make_tensor("factor", 1, [], [factor])],
    )
    opset = [helper.make_opsetid("", 13)]
    path.write_bytes(
        helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    )
    return str(path)


UINT8 = 2
NETWORKS: dict[str, tuple[float, int, int, str | None]] = {
    "float-255-out": (255, 1, 1, "set output_range=255 (a class:"),
    "float-1-of-255-in": (1 / 255, 1, 1, "set range=255,output_range=1 (a class:"),
    "same": (1, 1, 1, None),
    "float-in-uint8-out": (255, 1, UINT8, None),
    "uint8-in-uint8-out": (1, UINT8, UINT8, None),
    "uint8-in-float-1-out": (1 / 255, UINT8, 1, "set output_range=1 (a class:"),
}


@pytest.mark.parametrize(("factor", "dtype", "out", "message"), NETWORKS.values(), ids=NETWORKS)
def test_networks_of_two_ranges(
    tmp_path: Path, factor: float, dtype: int, out: int, message: str | None
) -> None:
    pytest.importorskip("onnxruntime")
    path = affine(tmp_path / "net.onnx", factor, dtype, out)
    restorer = build_restorer(parse_restorer(path))
    wrong = wrong_range(restorer)
    if message is None:
        assert wrong is None
    else:
        assert message in str(wrong)
        setting = str(wrong).partition("; set ")[2].partition(" ")[0]
        restorer = build_restorer(parse_restorer(f"{path}:{setting}"))
        assert wrong_range(restorer) is None
    restored = restore_image(restorer, PHOTO, Conditions())
    assert np.abs(restored - PHOTO).max() <= 1 / 255 + 1e-6


def test_the_network_of_the_issue(data: Path) -> None:
    path = data / "odd" / "f01in_f255out.onnx"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    pytest.importorskip("onnxruntime")
    assert "set output_range=255 (" in str(wrong_range(build_restorer(parse_restorer(str(path)))))
    restorer = build_restorer(parse_restorer(f"{path}:output_range=255"))
    assert wrong_range(restorer) is None
    assert np.ptp(restore_image(restorer, PHOTO, Conditions())) > 0.5


MASKED = {
    "some": np.ma.masked_less(PHOTO, 0.2),
    "none": np.ma.masked_less(PHOTO, -1),
    "all": np.ma.masked_greater(PHOTO, -1),
    "nan-under-the-mask": np.ma.masked_invalid(np.where(PHOTO < 0.2, np.nan, PHOTO)),
}


@pytest.mark.parametrize("returned", MASKED.values(), ids=MASKED)
def test_a_masked_array_is_no_image(returned: Any) -> None:
    with pytest.raises(RestorationError, match=r"is a masked array .* image\.filled"):
        restore_image(Calls(lambda _: returned.astype(np.float32)), PHOTO, Conditions())


def test_bytes_are_no_image() -> None:
    with pytest.raises(RestorationError, match=r"image\.astype\('float32'\) / 255"):
        restore_image(Calls(lambda fed: (fed * 255).astype(np.uint8)), PHOTO, Conditions())
