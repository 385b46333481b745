"""Takes one member out of an ensemble's weight file, without the pass over the mirror image.

    python tests/performance/one_member.py ensemble.safetensors one.safetensors [--member 0]

`harness/dri/weights/dri-stated-terms.safetensors` is the first member of the weights 95a2aeff8e8c,
whose calibration it keeps.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from safetensors import safe_open

from harness.dri.network.network import DRINetwork
from harness.dri.weights import load_weights, save_weights


def main() -> None:
    """Writes the file; prints its hash."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("ensemble", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--member", type=int, default=0, help="counted from 0")
    options = parser.parse_args()
    ensemble = load_weights(options.ensemble)
    with safe_open(options.ensemble, framework="pt") as file:
        history = json.loads((file.metadata() or {})["history"])
    one = DRINetwork(replace(ensemble.config, members=1, mirrored=False))
    kept = f"members.{options.member}."
    one.load_state_dict(
        {
            name.replace(kept, "members.0."): value
            for name, value in ensemble.state_dict().items()
            if name.startswith(kept) or not name.startswith("members.")
        }
    )
    print(save_weights(one, options.out, {**history, "member": options.member}))


if __name__ == "__main__":
    main()
