"""The loop that people write without a harness: Set14 x4, bicubic and DCTLSA, three metrics.

    python tests/performance/loop_by_hand.py DATA [IMAGES]

OpenCV reads, spandrel loads the network, basicsr resizes and measures: one process, one thread.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from spandrel import ModelLoader

from harness.basicsr_shim import import_basicsr


def main(data: Path, images: int | None) -> None:
    """Prints the means."""
    torch.set_num_threads(1)
    measures = import_basicsr("basicsr.metrics")
    imresize = import_basicsr("basicsr.utils.matlab_functions").imresize
    model = ModelLoader().load_from_file(str(data / "weights" / "dctlsa" / "X4.pt")).eval()
    rows = []
    for path in sorted((data / "sets" / "set14").rglob("*HR/*.png"))[:images]:
        low = next((data / "sets" / "set14").rglob(f"*X4*/{path.stem}*"))
        target = cv2.imread(str(path), cv2.IMREAD_COLOR)
        target = target[: target.shape[0] // 4 * 4, : target.shape[1] // 4 * 4]
        source = cv2.imread(str(low), cv2.IMREAD_COLOR).astype(np.float32) / 255
        tensor = torch.from_numpy(source[..., ::-1].transpose(2, 0, 1).copy())[None]
        with torch.inference_mode():
            restored = model(tensor)[0].clamp(0, 1).numpy().transpose(1, 2, 0)[..., ::-1]
        for image in (imresize(source, 4), restored):
            bytes_ = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
            pair = {"crop_border": 4, "test_y_channel": True}
            rows.append(
                [
                    measures.calculate_psnr(bytes_, target, **pair),
                    measures.calculate_ssim(bytes_, target, **pair),
                    measures.calculate_niqe(bytes_, crop_border=0),
                ]
            )
    print(np.array(rows).reshape(-1, 2, 3).mean(axis=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
