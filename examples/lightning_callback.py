"""PyTorch Lightning: validates during training, and keeps the checkpoint that is really better.

Trains a network of one layer for 30 steps on noise, in a few seconds.
"""

import tempfile
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

import harness


class Validate(pl.Callback):
    """Calls a validator after training steps, logs what it says, saves the best.

    Args:
        validator: It knows which steps are due.
        checkpoint: Where the best weights go.
    """

    def __init__(self, validator: harness.Validator, checkpoint: Path) -> None:
        self.validator, self.checkpoint, self._last = validator, checkpoint, 0

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any
    ) -> None:
        step = trainer.global_step
        if step == self._last or not trainer.is_global_zero:  # gradients are being added up
            return
        self._last = step
        found = self.validator(pl_module, step)
        if found is None:
            return
        for logger in trainer.loggers:
            logger.log_metrics(found.numbers(), step)
        if found.is_best:
            trainer.save_checkpoint(self.checkpoint)


class Denoiser(pl.LightningModule):
    """One convolution, trained on random images; of use to nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.network = torch.nn.Conv2d(3, 3, 5, padding=2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.network(image)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        [clean] = batch
        noisy = clean + 25 / 255 * torch.randn_like(clean)
        return torch.nn.functional.l1_loss(self(noisy), clean)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), 0.02)


def main() -> None:
    pl.seed_everything(0)
    with tempfile.TemporaryDirectory() as folder:
        small = torch.rand(60, 3, 4, 4)
        images = torch.nn.functional.interpolate(small, 32, mode="bicubic").clamp(0, 1)
        batches = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(images), 4)
        validator = harness.Validator(
            "quickstart", every=10, sets=["photos-sigma25"], metrics=["psnr"],
            log=Path(folder) / "log.csv",
        )  # fmt: skip
        best = Path(folder) / "best.ckpt"
        trainer = pl.Trainer(
            max_steps=30, max_epochs=-1, accelerator="cpu", logger=False,
            enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
            callbacks=[Validate(validator, best)],
        )  # fmt: skip
        trainer.fit(Denoiser(), batches)
        print(validator.history[["step", "metric", "mean", "is_best", "p"]].to_string(index=False))
        saved = torch.load(best, weights_only=False)["global_step"]
        print(f"best: step {validator.validations[-1].best_step}; saved: step {saved}")


if __name__ == "__main__":
    main()
