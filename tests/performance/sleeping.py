"""Restorers that take a known time and no processor: what the harness adds to them is its own."""

import time

from harness.protocols import Restorer, RestorerCard, Task


class Sleeper(Restorer):
    """Waits for 20 ms, and darkens an image a little."""

    card = RestorerCard("sleeper", tasks=(Task.DEJPEG,), parameters=0)
    seconds = 0.02

    def __init__(self, *, device="cpu"):
        pass

    def restore(self, image, conditions):
        """Takes `seconds`."""
        time.sleep(self.seconds)
        return image * image.dtype.type(0.98)


class Slow(Sleeper):
    """Waits for 100 ms."""

    card = RestorerCard("slow", tasks=(Task.DEJPEG,), parameters=0)
    seconds = 0.1
