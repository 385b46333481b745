"""The registries of every kind of plugin, and restorers given by a specification instead of a name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import InputError, PluginError
from harness.known_sets import KnownSet
from harness.plugins.registry import Registry

if TYPE_CHECKING:
    from harness.protocols import Benchmark, DegradedSet, HistoryReport, Metric, Report, Restorer

restorers: Registry[type[Restorer]] = Registry("restorer")
"""Classes, built in a worker with `cls(device=..., **parameters)`."""

loaders: Registry[type[Restorer]] = Registry("restorer_loader")
"""Classes that make a restorer of a file or a `prefix:argument`; the name is `.suffix` or `prefix:`."""

degradations: Registry[Any] = Registry("degradation")
"""Classes, built with their parameters as keywords; see `harness.protocols.Degradation`."""

sets: Registry[Any] = Registry("set")
"""Functions without arguments that return a `DegradedSet`, or families of them."""

known_sets: Registry[KnownSet] = Registry("known_set")
"""Sets of images as they were published, or families of them; `sets` degrades them."""

benchmarks: Registry[Any] = Registry("benchmark")
"""Functions without arguments that return a `Benchmark`, or families of them."""

benchmark_loaders: Registry[Any] = Registry("benchmark_loader")
"""Functions from a path to a `Benchmark`; the name is the file's suffix."""

metrics: Registry[type[Metric]] = Registry("metric")
"""Classes, built with `cls(device=...)`."""

reports: Registry[type[Report]] = Registry("report")
"""Classes, built without arguments."""

history_reports: Registry[type[HistoryReport]] = Registry("history_report")
"""Classes, built without arguments; `restobench history` has an option for each of ours."""


@dataclass(frozen=True, slots=True)
class RestorerSpec:
    """A restorer as the user named it: `NAME`, `PATH` or `PREFIX:ARGUMENT`, with parameters after it.

    Attributes:
        text: The whole specification as it was typed.
        plugin: Name in `restorers`, or in `loaders` when `argument` is set.
        argument: The file or argument for a loader.
        parameters: Keyword arguments for the class, and options that any restorer takes.
    """

    text: str
    plugin: str
    argument: str | None
    parameters: tuple[tuple[str, str | int | float | bool], ...]

    def __post_init__(self) -> None:
        """Checks what any restorer takes.

        Raises:
            InputError: No such value of an option.
        """
        for name, value in self.options().items():
            if value not in OPTIONS[name]:
                raise InputError(
                    f"{self.text!r}: {name} is {value!r}; expected one of "
                    f"{', '.join(OPTIONS[name])}"
                )

    def options(self) -> dict[str, Any]:
        """What of the parameters is none of the class's business, but that of `harness.restoring.variants`."""
        return {name: value for name, value in self.parameters if name in OPTIONS}

    def cls(self) -> type[Restorer]:
        """The class this names."""
        return restorers.get(self.plugin) if self.argument is None else loaders.get(self.plugin)

    def probed(self) -> bool:
        """Whether a probe image is run when it is registered: given by a file, and not told `probe=false`."""
        file = self.argument is not None and Path(self.argument).is_file()
        return file and dict(self.parameters).get("probe") is not False

    def build(self, device: str = "cpu") -> Restorer:
        """Builds the restorer: imports its packages and loads its weights.

        Raises:
            InputError: A parameter that the class does not take.
        """
        keywords: dict[str, Any] = {
            name: value for name, value in self.parameters if name not in OPTIONS
        }
        if self.argument is not None:
            keywords["path"] = self.argument
            keywords.pop("probe", None)
        cls: Any = self.cls()
        try:
            restorer: Restorer = cls(device=device, **keywords)
        except TypeError as error:
            if "argument" not in str(error):
                raise
            raise InputError(f"{self.text}: {error}") from error
        if not self.options():
            return restorer
        from harness.restoring.variants import with_options

        return with_options(restorer, self.options(), device)


OPTIONS = {"ensemble": ("none", "x8"), "precision": ("fp32", "fp16", "bf16")}
"""Options that every restorer takes (`harness.restoring.variants`) and their values, the default first."""


def parse_restorer(text: str) -> RestorerSpec:
    """Reads what a user writes after `-r`.

    Examples: `bicubic`, `bm3d:sigma_255=25`, `weights.pth`, `model.onnx:range=255`,
    `basicsr:options.yml`, `cmd:tool {input} {output}`, `folder:results`, `my_module:MyRestorer`.

    Raises:
        UnknownNameError: No such name, and no such file.
        InputError: A parameter without a value, or an option with a wrong one.
    """
    head, parameters = split_parameters(text)
    if head in restorers:
        return RestorerSpec(text, head, None, parameters)
    prefix, colon, argument = head.partition(":")
    if colon and prefix + ":" in loaders:
        return RestorerSpec(text, prefix + ":", argument, parameters)
    suffix = "." + head.rpartition(".")[2].lower()
    if "." in head and suffix in loaders:
        return RestorerSpec(text, suffix, head, parameters)
    if colon and prefix in restorers:
        raise InputError(
            f"{text!r}: {argument!r} is not name=value; write parameters as -r "
            f"{prefix}:key=value,key=value"
        )
    if colon and argument.isidentifier() and "object:" in loaders:
        return RestorerSpec(text, "object:", head, parameters)
    restorers.get(head)  # raises, with near names
    raise PluginError(f"{text!r} names no restorer")


VERBATIM = ("cmd:", "http:", "https:")
"""Prefixes whose argument may hold `:` and `=` itself; what follows is handed over as it is."""


def split_parameters(text: str) -> tuple[str, tuple[tuple[str, str | int | float | bool], ...]]:
    """Takes `NAME:key=value,key=value` apart: the name, and keys with numbers, booleans or text.

    Raises:
        InputError: A part that is not `key=value`.
    """
    head, colon, tail = text.rpartition(":")
    if not colon or "=" not in tail or text.startswith(VERBATIM):
        return text, ()
    pairs = []
    for part in tail.split(","):
        key, equals, value = part.partition("=")
        if not equals or not key.strip().isidentifier():
            raise InputError(
                f"{text!r}: {part!r} is not name=value; write parameters as "
                "NAME:key=value,key=value"
            )
        pairs.append((key.strip(), _literal(value.strip())))
    return head, tuple(pairs)


def _literal(value: str) -> str | int | float | bool:
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def resolve_set(name: str) -> DegradedSet:
    """Builds the set of this name."""
    degraded_set: DegradedSet = sets.get(name)()
    return degraded_set


def resolve_benchmark(name: str) -> Benchmark:
    """Builds the benchmark of this name, or the one that a file describes (its suffix names the loader)."""
    suffix = Path(name).suffix.lower()
    if suffix and suffix in benchmark_loaders:
        benchmark: Benchmark = benchmark_loaders.get(suffix)(Path(name))
    else:
        benchmark = benchmarks.get(name)()
    return benchmark
