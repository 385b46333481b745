"""The named evaluations (docs/conventions.md)."""

from harness.protocols import Evaluation

EVALUATIONS = {
    item.name: item
    for item in (
        Evaluation("sr-y-classic", crop_border="scale", luma="rounded"),
        Evaluation("sr-y", crop_border="scale", luma="float"),
        Evaluation("sr-rgb", crop_border="scale", luma="float"),
        Evaluation("ntire-esr", crop_border="scale", luma="float"),
        Evaluation("pirm-pi", crop_border=4, luma="rounded"),
        Evaluation("awgn", crop_border=0, luma="float"),
        Evaluation("awgn-clipped", crop_border=0, luma="float"),
        Evaluation("jpeg-y", crop_border=0, luma="float"),
        Evaluation("rgb", crop_border=0, luma="float"),
    )
}
