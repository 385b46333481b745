"""Image files through one restorer, in a process of its own that may die: the next files go on.

It is a process like the user's, with all its processors; a run's workers have limits besides.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from harness.cards import RestorerCard, plain_types
from harness.conditions import Conditions
from harness.errors import InputError, as_utf8, describe_error
from harness.images import read_image, write_image
from harness.plugins.specification import RestorerSpec
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer
from harness.restoring.probing import wrong_range
from harness.workers.launching import LikeTheUsers, how_it_died


def restore_files(
    spec: RestorerSpec,
    device: str,
    pairs: Iterable[tuple[Path, Path]],
    known: Callable[[RestorerCard], Conditions],
) -> Iterator[str | None]:
    """Loads a restorer, and then restores each image into its file, as PNG.

    Args:
        spec: The restorer.
        device: `cpu` or `cuda:N`.
        pairs: Images and where they go.
        known: What is said of the images to a restorer of this card; called once it is loaded.

    Returns:
        For each pair, once it is done: why there is no restored image, or `None`.

    Raises:
        InputError: It cannot be loaded, or `known` raises it.
    """
    child = _Child(spec, device)
    try:
        conditions = known(child.card)
    except BaseException:
        child.end()
        raise
    return _restore_each(child, partial(_Child, spec, device), pairs, conditions)


def _restore_each(
    child: "_Child | None",
    start: "Callable[[], _Child]",
    pairs: Iterable[tuple[Path, Path]],
    known: Conditions,
) -> Iterator[str | None]:
    try:
        for image, place in pairs:
            child = child or start()
            try:
                yield child.ask((image.absolute(), place.absolute(), known))
            except EOFError:
                yield f"the process of {child.card.name} died {child.end()}"
                child = None
    finally:
        if child is not None:
            child.end()


class _Child:
    """A process that has loaded a restorer."""

    def __init__(self, spec: RestorerSpec, device: str) -> None:
        # not a fork: this process may have threads and a GPU
        self._pipe, theirs = Pipe()
        self._process = LikeTheUsers(target=_serve, args=(theirs, spec, device))
        self._process.start()
        theirs.close()
        try:
            card = self._pipe.recv()
        except EOFError:
            card = f"{spec.text}: its process died {self.end()}"
        except BaseException:  # Ctrl-C: it would wait for a question, and be waited for
            self.end()
            raise
        if not isinstance(card, RestorerCard):
            self.end()
            raise InputError(str(card))
        self.card = card

    def ask(self, question: object) -> Any:
        """What it answers.

        Raises:
            EOFError: It has died.
        """
        try:
            self._pipe.send(question)
            return self._pipe.recv()
        except (BrokenPipeError, ConnectionResetError):
            raise EOFError from None

    def end(self) -> str:
        """Ends it; how it ended, where it did so by itself."""
        self._pipe.close()  # it waits for the next question, and hears that there is none
        self._process.join(1)
        self._process.kill()
        self._process.join()
        return how_it_died(self._process.exitcode or 0)


def _serve(pipe: "Connection[Any, Any]", spec: RestorerSpec, device: str) -> None:
    """Loads a restorer and says its card, or what is wrong; then answers for one image each."""
    try:
        restorer = build_restorer(spec, device)
        wrong = wrong_range(restorer) if spec.probed() else None
        said = wrong or plain_types(restorer.card)
    except BaseException as error:  # a third party's code
        pipe.send(describe_error(error))
        return
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):  # nobody asks any more
        pipe.send(said)
        while True:
            image, place, known = pipe.recv()
            pipe.send(_restore(restorer, image, place, known))


def _restore(restorer: Any, image: Path, place: Path, known: Conditions) -> str | None:
    try:
        here = replace(known, sample_id=as_utf8(image.stem))
        restored = restore_image(restorer, read_image(image), here)
    except BaseException as error:  # a third party's code; the others go on
        return describe_error(error)
    try:
        write_image(place, restored)
    except OSError as error:
        return f"{place} cannot be written: {error.strerror or error}"
    return None
