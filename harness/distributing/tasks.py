"""What a node is told of a chunk, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.distributing.parts import Part, part_json, read_part
from harness.running.plan import Plan


@dataclass(frozen=True, slots=True)
class How:
    """How the nodes work.

    Attributes:
        workers: Restorations at the same time on a node; `None`: as its job allows.
        timeout: Seconds that one restoration may take; metrics of sets, for an image.
        memory_mib: What one restoring worker may take; `None`: its share.
        batch: Images of one size that may be restored, or scored, together.
    """

    workers: int | None = None
    timeout: float = 600.0
    memory_mib: int | None = None
    batch: int = 1


@dataclass(frozen=True, slots=True)
class ChunkTask:
    """Everything that a node needs for a chunk; it can be pickled.

    Attributes:
        plan: The restorer, its sets and the images of the chunk alone.
        known: What the run holds of these cells already.
        expected: What every node has to say of itself (`harness.distributing.handshake`).
        run: The run folder, in which a node that sees it keeps restored images.
        token: What stands in `RUN/jobs/token`: a node that reads the same sees the run folder.
        folder: Where the user works.
        how: How the node works.
        beside: Other chunks that may be at work on the same machine; `None`: nobody knows.
        result: The file that a node leaves its results in; `None`: it returns them.
        start: The start of the run that wants it.
    """

    plan: Plan
    known: Part
    expected: Mapping[str, str]
    run: Path
    token: str
    folder: Path
    how: How
    beside: int | None
    result: Path | None
    start: str


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What a node says of a chunk.

    Attributes:
        part: The rows of the cells that are done.
        host: The machine (`harness.storage.provenance.describe_host`).
        refused: Why the node must not take part, or nothing.
        cells: Cells that it has worked on, those included that failed.
        restored: Images that restorers made.
        scored: Images that metrics saw.
        start: Seconds until the first cell was done: pools and restorers start with it.
        seconds: Seconds for the others.
        files: Restored images by their path in the run, of a node that does not see the run folder.
        notes: What a reader of the log would ask about.
    """

    part: Part = field(default_factory=Part)
    host: Mapping[str, object] = field(default_factory=dict)
    refused: str = ""
    cells: int = 0
    restored: int = 0
    scored: int = 0
    start: float = 0.0
    seconds: float = 0.0
    files: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """As JSON types; files are none of them, for who writes JSON sees the run folder."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {**plain, "notes": list(self.notes), "part": part_json(self.part)}

    @classmethod
    def read(cls, content: Any) -> ChunkResult:
        """A result out of what `as_json` has made of it."""
        plain = {name: content[name] for name in _PLAIN}
        return cls(**plain, notes=tuple(content["notes"]), part=read_part(content["part"]))


_PLAIN = ("host", "refused", "cells", "restored", "scored", "start", "seconds")
