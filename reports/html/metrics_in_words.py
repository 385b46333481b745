"""What a metric is, for a reader who does not know it: what it measures, how, what is better."""

import math

from harness.cards import MetricCard

_KNOWN = {
    "psnr": "peak signal-to-noise ratio: 10 log10(1 / MSE) of values from 0 to 1, all channels",
    "psnr-y": "peak signal-to-noise ratio of luma (BT.601): 10 log10(255² / MSE)",
    "ssim": "structural similarity: means, variances and covariance in windows (Wang et al., "
    "IEEE TIP 2004)",
    "ssim-y": "structural similarity of luma (Wang et al., IEEE TIP 2004)",
    "ms-ssim": "structural similarity on five scales (Wang et al., Asilomar 2003)",
    "niqe": "distance of natural scene statistics from those of pristine photographs (Mittal et "
    "al., IEEE SPL 2013)",
    "blur-effect": "how little an image changes when it is blurred again (Crete et al., SPIE 2007)",
    "brisque": "regression on natural scene statistics (Mittal et al., IEEE TIP 2012)",
    "dri": "quality of the image alone, by networks on a frozen backbone; the spread is theirs",
    "pyiqa-lpips": "distance of deep features (Zhang et al., CVPR 2018)",
    "pyiqa-dists": "structure and texture similarity of deep features (Ding et al., TPAMI 2020)",
    "pyiqa-fsim": "similarity of phase congruency and gradients (Zhang et al., IEEE TIP 2011)",
}


def about(card: MetricCard) -> str:
    """One sentence: what it is, its range, direction, whether it needs a reference, its source."""
    low, high = (f"{bound:g}" for bound in card.bounds)
    bounded = any(math.isfinite(bound) for bound in card.bounds)
    unit = f" {card.unit}" if card.unit else ""
    parts = [
        _KNOWN.get(card.name, ""),
        f"from {low} to {high}{unit}".replace("inf", "∞").replace("-", "−") if bounded else "",
        f"{'higher' if card.higher_is_better else 'lower'} is better",
        "compares with the reference" if card.needs_reference else "looks at the image alone",
        card.source,
    ]
    return "; ".join(filter(None, parts))
