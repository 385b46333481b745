"""`RUN/jobs`: what was handed over and what came back, of engines that outlast this process."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.distributing.chunking import Where
from harness.distributing.parts import read_document, write_document
from harness.distributing.tasks import ChunkResult
from harness.errors import StoreError
from harness.running.plan import Plan


@dataclass(frozen=True, slots=True)
class Sent:
    """A chunk that was handed over.

    Attributes:
        restorer: Its name; empty for samples alone.
        cells: Set and image of each.
    """

    name: str
    restorer: str
    cells: tuple[Where, ...]


class Jobs:
    """The folder of a run's jobs.

    Args:
        run: The run folder.

    Attributes:
        folder: `RUN/jobs`.
        token: What a node reads there that sees the folder.
    """

    def __init__(self, run: Path) -> None:
        self.folder = run / "jobs"
        self._parts = self.folder / "parts"
        self._parts.mkdir(parents=True, exist_ok=True)
        token = self.folder / "token"
        if not token.is_file():
            token.write_text(secrets.token_hex(16))
        self.token = token.read_text()

    def result(self, name: str) -> Path:
        """Where a chunk leaves its results, as soon as it is done."""
        return self._parts / f"{name}.json"

    def partial(self, name: str) -> Path:
        """What a chunk has done so far, for when it is killed."""
        return self._parts / f"{name}.partial"

    def record(self, sent: Sent) -> None:
        """Remembers a chunk that is going to be handed over."""
        cells = [list(cell) for cell in sent.cells]
        write_document(self._record(sent.name), {"restorer": sent.restorer, "cells": cells})

    def recorded(self) -> dict[str, Sent]:
        """Chunks that were handed over and are not taken in, by name."""
        found = {}
        for path in sorted(self._parts.glob("*.chunk")):
            try:
                content = read_document(path)
            except (OSError, ValueError):  # it is planned again
                continue
            if isinstance(content, Mapping):
                cells = tuple((str(name), str(image)) for name, image in content["cells"])
                found[path.stem] = Sent(path.stem, str(content["restorer"]), cells)
        return found

    def read(self, name: str, *, partial: bool = False) -> ChunkResult | None:
        """What a chunk has left; `None`: nothing that is whole."""
        path = self.partial(name) if partial else self.result(name)
        try:
            return ChunkResult.read(read_document(path))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def finished(self) -> Iterator[str]:
        """Names of chunks that are done."""
        yield from sorted(path.stem for path in self._parts.glob("*.json"))

    def forget(self, name: str) -> None:
        """Removes what there is of a chunk: it has been taken in, or is handed over anew."""
        record = self._record(name)
        for suffix in ("partial", "job", "place", "json", "chunk"):
            record.with_suffix(f".{suffix}").unlink(missing_ok=True)

    def _record(self, name: str) -> Path:
        return self._parts / f"{name}.chunk"

    def note_plan(self, plan: Plan, engine: str) -> None:
        """Writes what `restobench collect` has to know of the plan."""
        sets = {item.name: sorted(item.sets) for item in plan.restorers}
        content = {"ids": plan.ids, "set_metrics": plan.set_metrics, "restorers": sets}
        write_document(self.folder / "plan.json", {**content, "executor": engine})

    @staticmethod
    def engine(run: Path) -> str:
        """What the last start of a run was given as `--executor`.

        Raises:
            StoreError: Nothing was ever handed over from here.
        """
        return str(_read_plan(run / "jobs")["executor"])

    def planned(self) -> tuple[dict[str, tuple[str, ...]], dict[str, list[str]]]:
        """Set -> images, and restorer -> sets.

        Raises:
            StoreError: Nothing was ever handed over from here.
        """
        content = _read_plan(self.folder)
        ids = {name: tuple(images) for name, images in content["ids"].items()}
        return ids, dict(content["restorers"])

    def set_metrics(self) -> tuple[str, ...]:
        """The plan's metrics of sets, which no job measures."""
        return tuple(_read_plan(self.folder).get("set_metrics", ()))


def _read_plan(folder: Path) -> Any:
    try:
        content = read_document(folder / "plan.json")
    except (OSError, ValueError) as error:
        if not folder.parent.is_dir():
            raise StoreError(f"there is no folder {folder.parent}") from error
        raise StoreError(
            f"{folder.parent} has no jobs to collect: `run --executor` has left none there"
        ) from error
    return content
