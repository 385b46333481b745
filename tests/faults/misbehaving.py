"""Restorers, sets and metrics that misbehave, each in one way; worker processes import them."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from batching import fall

from harness.errors import ImageError
from harness.protocols import Conditions, Restorer, RestorerCard, Sample, Task


class _Fault(Restorer):
    def __init__(self, *, device: str = "cpu") -> None:
        self.card = RestorerCard(type(self).__name__, scales=(1,), parameters=0)


class Good(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return image


class Halves(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return image * 0.5


class Meddles(_Fault):
    """Paints every image of the shared cache black."""

    def restore(self, image: Any, conditions: Conditions) -> Any:
        from harness.images import write_image
        from harness.storage.places import cache_folder

        for path in cache_folder().rglob("*.png"):
            write_image(path, np.zeros((3, 48, 56), np.float32))
        return image


class Counting(Restorer):
    """Leaves a mark for every image it restores, so that a test can count."""

    def __init__(self, *, marks: str, sleep: float = 0.0, device: str = "cpu") -> None:
        self.card = RestorerCard("counting", scales=(1,))
        self.marks, self.sleep = Path(marks), sleep

    def restore(self, image: Any, conditions: Conditions) -> Any:
        if image.shape[-1] > 64:  # the warm-up sees a corner of 64 pixels, which is not counted
            with self.marks.open("a") as file:
                file.write("x\n")
            time.sleep(self.sleep)
        return image


class NotesDevice(Restorer):
    """Writes which GPU it sees, and when it began and ended with it."""

    def __init__(self, *, marks: str, sleep: float = 0.2, device: str = "cpu") -> None:
        self.card = RestorerCard("notes-device", scales=(1,))
        self.marks, self.sleep = Path(marks), sleep

    def restore(self, image: Any, conditions: Conditions) -> Any:
        if image.shape[-1] > 64:
            began = time.monotonic()
            time.sleep(self.sleep)
            seen = os.environ.get("CUDA_VISIBLE_DEVICES", "none")
            with self.marks.open("a") as file:
                file.write(f"{seen} {began} {time.monotonic()}\n")
        return image


class Peeks(_Fault):
    """Looks for the reference: in a file, in memory of the process that started its own, by /proc.

    Returns half the light where it is kept from all of it.
    """

    def __init__(self, *, file: str, device: str = "cpu") -> None:
        super().__init__(device=device)
        self.file = file

    def restore(self, image: Any, conditions: Conditions) -> Any:
        parent = os.getppid()
        others = [f"/proc/{parent}/{name}" for name in ("environ", "mem", "maps", "root/etc")]
        for path in (self.file, *others):
            try:
                if not Path(path).is_dir():
                    Path(path).open("rb").close()
                return image
            except OSError:
                continue
        return image / 2


class Tampers(_Fault):
    """Writes where it should not: beside its own files, and to other processes."""

    def __init__(self, *, folder: str, device: str = "cpu") -> None:
        super().__init__(device=device)
        self.folder = Path(folder)

    def restore(self, image: Any, conditions: Conditions) -> Any:
        tries = (
            lambda: (self.folder / "new").write_text("x"),
            lambda: [path.write_bytes(b"") for path in self.folder.iterdir()],
            lambda: [path.unlink() for path in self.folder.iterdir()],
            lambda: os.kill(os.getppid(), 0),
        )
        for attempt in tries:
            try:
                attempt()
            except OSError:
                continue
            return image
        return image / 2


class FakesTheClock(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        time.sleep(0.2)
        for name in ("perf_counter", "time", "monotonic", "process_time"):
            setattr(time, name, lambda: 0.0)
        return image


class Raises(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        raise ValueError("no <b>luck</b>")


class RaisesSystemExit(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        raise SystemExit(0)


class ReturnsNaN(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return np.full_like(image, np.nan)


class ReturnsInf(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return np.full_like(image, np.inf)


class WrongSize(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return image[:, :-1]


class WrongDtype(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return (image * 255).astype(np.uint8)


class WrongChannels(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return np.concatenate([image, image])


class ReturnsNone(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return None


class Hangs(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        while True:
            time.sleep(0.1)


class Exits(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        os._exit(0)


class Segfaults(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        ctypes.string_at(0)
        return image


class ReturnsTensor(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        import torch

        return torch.from_numpy(image)


class ReturnsEmpty(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return image[:, :0, :0]


class Recurses(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return self.restore(image, conditions)


class RaisesAtLength(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        raise ValueError("long " * 10**6)


class AsksTheUser(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return image * float(input("strength? "))


class Spins(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        while True:
            pass


class IgnoresSigterm(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(0.1)


class Floods(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        while True:
            os.write(1, b"flood " * 10000)
            time.sleep(0.01)


class LeavesNatively(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        ctypes.CDLL(None)._exit(0)


class Aborts(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        os.write(2, b"terminate called after throwing an instance of 'std::logic_error'\n")
        os.abort()


class KillsItself(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


class ClosesFiles(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        os.closerange(0, 256)
        return image


class Allocates(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        held = []
        while True:
            held.append(np.empty(2**25))  # 256 MiB; the limit counts them before they are touched


class Leaks(_Fault):
    held: list[Any] = []  # noqa: RUF012 - that is the fault

    def restore(self, image: Any, conditions: Conditions) -> Any:
        self.held.append(np.empty(250 * 2**20))  # 2,000 MiB of addresses, no page is touched
        return image


class NonDeterministic(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        noise = np.frombuffer(os.urandom(image.size), np.uint8).reshape(image.shape)
        return image + (noise / 2550).astype(np.float32)


class ChangesSeed(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        random.seed(7)
        np.random.seed(7)
        return image


class Draws(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        generator = np.random.default_rng(np.random.randint(2**31))
        return image + generator.normal(0, 0.01, image.shape).astype(np.float32)


class PrintsSecrets(Restorer):
    """Prints all that it can see of the environment, and writes it to a file for the test."""

    def __init__(self, *, marks: str, device: str = "cpu") -> None:
        self.card = RestorerCard("PrintsSecrets", scales=(1,), parameters=0)
        self.marks = Path(marks)

    def restore(self, image: Any, conditions: Conditions) -> Any:
        print(dict(os.environ))
        started_with = Path("/proc/self/environ")
        text = started_with.read_bytes().decode(errors="replace") if started_with.exists() else ""
        self.marks.write_text(f"{dict(os.environ)} {text}")
        return image


class SpawnsChildren(Restorer):
    """Starts a process that outlives the cell, and another in its place when it is gone."""

    def __init__(self, *, marks: str, device: str = "cpu") -> None:
        self.card = RestorerCard(type(self).__name__, scales=(1,), parameters=0)
        self.marks = Path(marks)

    def restore(self, image: Any, conditions: Conditions) -> Any:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with self.marks.open("a") as file:
            file.write(f"{child.pid}\n")
        return image


class SpawnsAndDies(SpawnsChildren):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        super().restore(image, conditions)
        os.abort()


class Forks(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        os.fork()
        return image


class Doubles(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return image * 255


class ReturnsBlack(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return np.zeros_like(image)


class Crops(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return image[:, : image.shape[1] // 2 * 2, : image.shape[2] // 2 * 2]


class NeedsEight(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        if min(image.shape[1:]) < 8:
            raise ValueError("too small")
        return image


class Wide(_Fault):
    """Two convolutions by way of 64 channels, which take 256 bytes a pixel.

    Tiled only when they have to be.
    """

    def __init__(self, *, device: str = "cpu") -> None:
        import torch

        self.card = RestorerCard("wide", channels=(3,), parameters=0)
        there, back = torch.nn.Conv2d(3, 64, 3, padding=1), torch.nn.Conv2d(64, 3, 3, padding=1)
        self.network = torch.nn.Sequential(there, back)

    def restore(self, image: Any, conditions: Conditions) -> Any:
        import torch

        from harness.tiling import tile

        def run(part: Any) -> Any:
            with torch.inference_mode():
                return part + 0.01 * self.network(torch.from_numpy(part)[None])[0].numpy()

        return tile(run, image, scale=1, size=2**31, overlap=8)


class Litters(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        Path("litter.txt").write_text("left behind")
        return image


class MutatesInput(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        image += 0.1
        return image


class Prints(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        os.write(1, b"flood\n" * 10000)
        return image


class ChangesFolder(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        os.chdir("/")
        return image


class FillsHoles(Restorer):
    """Paints what is missing grey.

    It cannot do without a mask that fits and is true where the image is 0.
    """

    card = RestorerCard(
        "fills-holes", tasks=(Task.INPAINT,), conditions=("mask",), size_multiple=32
    )

    def __init__(self, *, device: str = "cpu") -> None:
        pass

    def restore(self, image: Any, conditions: Conditions) -> Any:
        assert conditions.mask is not None
        assert not image[:, conditions.mask].any()
        return np.where(conditions.mask, np.float32(0.5), image)


class DoesNotLoad(_Fault):
    def __init__(self, *, device: str = "cpu") -> None:
        raise RuntimeError("no such weights")


class TinySet:
    """Grey gradients; the sample named `corrupt` cannot be read."""

    task = Task.DENOISE
    conditions = Conditions(sigma_255=10.0)

    def __init__(
        self, name: str = "tiny", images: tuple[str, ...] = ("a", "b", "c"), size: int = 40
    ) -> None:
        self.name, self.images, self.size = name, images, size

    def ids(self) -> tuple[str, ...]:
        return self.images

    def sample(self, id: str) -> Sample:
        if id == "corrupt":
            raise ImageError("corrupt.png cannot be read as an image: truncated")
        rows = np.linspace(0, 1, self.size, dtype=np.float32)
        reference = np.stack([np.outer(rows, rows)] * 3) * (0.5 + 0.5 / (1 + self.images.index(id)))
        noise = np.random.default_rng(self.images.index(id)).normal(0, 10 / 255, reference.shape)
        return Sample(id, (reference + noise).astype(np.float32), reference.astype(np.float32))

    def describe(self) -> Mapping[str, Any]:
        return {"source": "gradients", "size": self.size, "licence": "CC0-1.0"}

    def absent(self) -> str | None:
        return None


class Falls(TinySet):
    """Falls in one way at the image that is bad."""

    def __init__(self, *arguments: Any, bad: str, how: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.bad, self.how = bad, how

    def sample(self, id: str) -> Sample:
        if id == self.bad:
            fall(self.how)
            raise ImageError(f"{id} cannot be read")
        return super().sample(id)


class Numbered(TinySet):
    """As many images as anybody wants, of which the last two digits say what they are."""

    def sample(self, id: str) -> Sample:
        few = TinySet(images=tuple(f"{number:02d}" for number in range(100)), size=self.size)
        found = few.sample(id[-2:])
        return Sample(id, found.degraded, found.reference)
