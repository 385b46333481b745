"""What a user writes after `-r`: a name, a file or `PREFIX:ARGUMENT`, with parameters after it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError, PluginError
from harness.plugins.kinds import loaders, restorers
from harness.protocols import Restorer

Value = str | int | float | bool
"""What a parameter's value may be."""


@dataclass(frozen=True, slots=True)
class RestorerSpec:
    """A restorer as the user named it: `NAME`, `PATH` or `PREFIX:ARGUMENT`, and its parameters.

    Attributes:
        text: The whole specification as it was typed.
        plugin: Name in `restorers`, or in `loaders` when `argument` is set.
        argument: The file or argument for a loader.
        parameters: Keyword arguments for the class, and options that any restorer takes.
    """

    text: str
    plugin: str
    argument: str | None
    parameters: tuple[tuple[str, Value], ...]

    def __post_init__(self) -> None:
        """Checks what any restorer takes.

        Raises:
            InputError: No such value of an option.
        """
        for name, value in self.parameters:
            if name in OPTIONS and value not in OPTIONS[name]:
                raise InputError(
                    f"{self.text!r}: {name} is {value!r}; expected one of "
                    f"{', '.join(OPTIONS[name])}"
                )

    def options(self) -> dict[str, str]:
        """Those of the parameters that any restorer takes (`harness.restoring.variants`)."""
        return {name: str(value) for name, value in self.parameters if name in OPTIONS}

    def cls(self) -> Callable[..., Restorer]:
        """The class this names."""
        return restorers.get(self.plugin) if self.argument is None else loaders.get(self.plugin)

    def probed(self) -> bool:
        """Whether a probe image is run when it is planned.

        It is for a file, unless it is told `probe=false`.
        """
        file = self.argument is not None and Path(self.argument).is_file()
        return file and dict(self.parameters).get("probe") is not False


OPTIONS = {"ensemble": ("none", "x8"), "precision": ("fp32", "fp16", "bf16")}
"""Options that every restorer takes (`harness.restoring.variants`), the default value first."""


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


def split_parameters(text: str) -> tuple[str, tuple[tuple[str, Value], ...]]:
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


def _literal(value: str) -> Value:
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value
