"""What a user writes after `-r`: a name, a file or `PREFIX:ARGUMENT`, with parameters after it."""

import inspect
import re
import shlex
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack, get_args, get_origin

from harness.cards import RestorerCard, plain_name, plain_number
from harness.errors import InputError, PluginError, as_utf8
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
        name: What results are to call it; empty: what its card and parameters say.
    """

    text: str
    plugin: str
    argument: str | None
    parameters: tuple[tuple[str, Value], ...]
    name: str = ""

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

    def keywords(self) -> dict[str, Value]:
        """What the class is built with, besides the device."""
        said = {name: value for name, value in self.parameters if name not in OPTIONS}
        if self.argument is not None:
            said.pop("probe", None)
            said["path"] = self.argument
        return said

    def check(self) -> None:
        """Checks what is known without building it, which may take long.

        Raises:
            InputError: There is no such file, or one that plainly cannot be loaded, or a parameter
                that the class does not take, or one that is missing.
        """
        if self.plugin.startswith(".") and not Path(str(self.argument)).is_file():
            raise InputError(f"{self.text!r}: file {self.argument} does not exist")
        names, required, more = _parameters(self.cls())
        given = self.keywords()
        wrong = [f"takes no {name!r}" for name in given if not more and name not in names]
        if self.argument is not None and "path" in dict(self.parameters):
            wrong.append("takes no 'path': that is what stands before its parameters")
        wrong += [f"needs {name!r}" for name in required if name not in given]
        if wrong:
            known = [name for name in names if name not in ("device", "path")]
            known += ["probe"] if self.argument is not None else []
            raise InputError(
                f"{self.text!r}: {self.plugin} {wrong[0]}; its parameters: "
                f"{', '.join((*known, *OPTIONS))}"
            )
        # a class may know a file that cannot be loaded without what loads it
        if (look := getattr(self.cls(), "look", None)) is not None:
            look(**given)

    def cls(self) -> Callable[..., Restorer]:
        """The class this names."""
        return restorers.get(self.plugin) if self.argument is None else loaders.get(self.plugin)

    def probed(self) -> bool:
        """Whether a probe image is run when it is planned.

        It is for a file, unless it is told `probe=false`.
        """
        return self.file() is not None and dict(self.parameters).get("probe") is not False

    def file(self) -> Path | None:
        """The network's file, where it names one: `FILE`, or `FILE:CLASS`."""
        argument = self.argument or ""
        places = map(Path, (argument, argument.rpartition(":")[0]))
        return next((path for path in places if path.is_file()), None)


OPTIONS = {"ensemble": ("none", "x8"), "precision": ("fp32", "fp16", "bf16")}
"""Options that every restorer takes (`harness.restoring.variants`), the default value first."""


def _parameters(cls: Callable[..., object]) -> tuple[list[str], list[str], bool]:
    """Names of what a class takes and of what it cannot do without; whether it takes others too.

    `**said: Unpack[SomeTypedDict]` is read as the names in it.
    """
    try:
        found = inspect.signature(cls, eval_str=True).parameters.values()
    except (TypeError, ValueError, NameError):  # written in C, or named for type checkers only
        return [], [], True
    named = [item for item in found if item.kind in (item.KEYWORD_ONLY, item.POSITIONAL_OR_KEYWORD)]
    names = [item.name for item in named]
    required = [item.name for item in named if item.default is item.empty and item.name != "device"]
    for item in found:
        if item.kind is item.VAR_KEYWORD:
            if get_origin(item.annotation) is not Unpack:
                return names, required, True
            names += get_args(item.annotation)[0].__annotations__
    return names, required, False


_NAMED = re.compile(r"([^\W_][\w .+()-]{0,59})=(\S.*)", re.DOTALL)
"""`NAME=SPECIFICATION`; what has a colon before the first `=` has parameters there."""


def parse_restorer(text: str) -> RestorerSpec:
    """Reads what a user writes after `-r`.

    Examples: `bicubic`, `bm3d:sigma_255=25`, `weights.pth`, `model.onnx:range=255`,
    `basicsr:options.yml`, `cmd:tool {input} {output}`, `folder:results`, `my_module:MyRestorer`,
    `network:net.py:Net:weights=net.pth`; `NAME=` before any of them is what results call it.

    Raises:
        UnknownNameError: No such name, and no such file.
        InputError: A parameter without a value, or an option with a wrong one.
    """
    named = _NAMED.fullmatch(text)
    if named and not Path(text).exists():
        return replace(parse_restorer(named[2]), text=text, name=named[1].strip())
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
    _refuse_file(text, head)
    _refuse_name(text)
    restorers.get(head)  # raises, with near names
    raise PluginError(f"{text!r} names no restorer")


def _refuse_file(text: str, head: str) -> None:
    """Says what is wrong with a file that no adapter reads."""
    suffix = Path(head).suffix
    if suffix and ("/" in head or Path(head).is_file() or re.fullmatch(r"\.[a-z]\w{1,11}", suffix)):
        read = ", ".join(name for name in loaders if name.startswith("."))
        raise InputError(
            f"{text!r}: no adapter reads {suffix} files; those that are read: {read}. Weights of a "
            f"network whose source there is: restobench wrap {shlex.quote(head)} net.py"
        )


def _refuse_name(text: str) -> None:
    """Says what is wrong with `NAME=SPECIFICATION`, if it is one."""
    name, equals, called = text.partition("=")
    if not equals or ":" in name:
        return
    if not called.strip():
        raise InputError(f"{text!r} names nothing; write NAME=RESTORER, such as mine=bicubic")
    raise InputError(
        f"{name!r} cannot be what results call {called!r}; expected a letter or digit, and then "
        "letters, digits, spaces and any of _ . + ( ) -, at most 60 in all"
    )


VERBATIM = ("cmd:", "http:", "https:")
"""Prefixes whose argument may hold `:` and `=` itself; what follows is handed over as it is."""


def split_parameters(text: str) -> tuple[str, tuple[tuple[str, Value], ...]]:
    """Takes `NAME:key=value,key=value` apart: the name, and keys with numbers, booleans or text.

    Raises:
        InputError: A part that is not `key=value`, or a value such as `1_0` or `nan`.
    """
    head, colon, tail = text.rpartition(":")
    if not colon or "=" not in tail or text.startswith(VERBATIM) or _is_file(text):
        return text, ()
    while not _is_pair(tail.split(",")[0]) and ":" in head:  # the colon may be of a file's name
        head, _, longer = head.rpartition(":")
        tail = f"{longer}:{tail}"
    if not _is_pair(tail.split(",")[0]):
        head, _, tail = text.rpartition(":")
    pairs: list[tuple[str, Value]] = []
    for part in _parts(tail):
        if not _is_pair(part):
            raise InputError(
                f"{text!r}: {part!r} is not name=value; write parameters as "
                "NAME:key=value,key=value"
            )
        key, _, value = part.partition("=")
        try:
            pairs.append((key.strip(), _literal(value.strip())))
        except ValueError as error:
            raise InputError(f"{text!r}: {key.strip()}: {error}") from None
    return head, tuple(pairs)


def _is_pair(text: str) -> bool:
    key, equals, _ = text.partition("=")
    return bool(equals) and key.strip().isidentifier()


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # longer than any path
        return False


def _parts(text: str) -> Iterator[str]:
    """What stands between commas, but for those of a file's name."""
    found = text.split(",")
    while found:
        for end in range(len(found), 0, -1):
            part = ",".join(found[:end])
            if end == 1 or _is_file(part.partition("=")[2].strip()):
                yield part
                del found[:end]
                break


def _literal(value: str) -> Value:
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    try:
        float(value)
    except ValueError:
        return value
    number = plain_number(value)  # what only looks like one is no text that anybody means
    return int(value) if value.lstrip("+-").isdigit() else number


def unique_name(spec: RestorerSpec, card: RestorerCard, taken: Container[str]) -> str:
    """What results call a restorer, beside others: as briefly as tells it from them.

    Raises:
        InputError: The user gave the same name twice.
    """
    if spec.name:
        if as_utf8(spec.name) in taken:
            raise InputError(f"two restorers are called {spec.name!r}: give one another name")
        return as_utf8(spec.name)
    said = [f"{key}={value}" for key, value in spec.parameters if key != "probe"]
    own = plain_name(card)
    whole = f"{own}:{','.join(said)}" if said else own
    names = [whole, f"{whole}@{spec.text}"]
    if file := spec.file():
        # what is said of a network in a file tells no other network apart
        options = ",".join(f"{key}={value}" for key, value in spec.options().items())
        behind = f":{options}" if options else ""
        names = [f"{own}{behind}", whole, f"{file.name}{behind}", *names]
    names = list(map(as_utf8, names))
    return next((name for name in names if name not in taken), names[-1])
