"""Somebody's command-line tool: `-r "cmd:denoise --level {sigma_255} {input} {output}"`."""

import re
import shlex
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from harness.errors import ImageError, InputError, RestorationError
from harness.protocols import Conditions, Restorer
from restorers._arrays import Image
from restorers._command_files import command_files
from restorers._network_file import hash_file
from restorers._placeholders import KNOWN, placeholders, told_card

FILES = ("input", "output")


class CommandRestorer(Restorer):
    """Runs a command for each image: it reads one PNG and writes another. No shell sees it.

    The command is split into arguments as a POSIX shell would, before anything is put into it:
    names of files are single arguments, whatever they hold. Images are files of 8 bits: noise that
    was not clipped is clipped here.

    Args:
        device: Not told to the command.
        path: The command, with `{input}` and `{output}` in it, and perhaps `{scale}`,
            `{sigma_255}`, `{quality}`.
    """

    def __init__(self, *, path: str, device: str = "cpu") -> None:
        """Splits the command.

        Raises:
            InputError: It cannot be split, names no `{input}` or `{output}`, or has another field.
        """
        try:
            self._arguments = shlex.split(path)
            told = [name for part in self._arguments for name in placeholders(part)]
        except ValueError as error:
            raise InputError(f"command {path!r} cannot be read: {error}") from error
        unknown = [name for name in told if name not in (*FILES, *KNOWN)]
        if unknown or not set(FILES) <= set(told) or not self._arguments:
            seen = f"has {{{unknown[0]}}}" if unknown else "lacks {input} or {output}"
            raise InputError(
                f"command {path!r} {seen}; it may hold "
                f"{', '.join(f'{{{name}}}' for name in (*FILES, *KNOWN))}"
            )
        self._folder = Path.cwd()  # a script in it is found, wherever the restorer is run
        files, beyond = command_files(self._arguments)
        card = told_card(_name(self._arguments), told, path, beyond)
        self.card = replace(card, weights_sha256=tuple(map(hash_file, files)))

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W) to what the command writes, which has to be (C, scale * H, scale * W).

        Raises:
            RestorationError: The command ends with another code than 0, or writes no image.
        """
        from harness.images import read_image, write_image

        with tempfile.TemporaryDirectory(prefix="restobench-") as folder:
            files = {name: Path(folder) / f"{name}.png" for name in FILES}
            write_image(files["input"], image)
            self._run(files | {name: getattr(conditions, name) for name in KNOWN})
            try:
                return read_image(files["output"], mode="rgb" if image.shape[0] == 3 else "grey")
            except ImageError as error:
                raise RestorationError(f"{self.card.name} wrote no image: {error}") from error

    def _run(self, values: dict[str, object]) -> None:
        command = [part.format(**values) for part in self._arguments]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                check=False,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            raise RestorationError(f"{self.card.name} cannot be started: {error}") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip() or "nothing on standard error"
            last = said.splitlines()[-1]
            raise RestorationError(
                f"{self.card.name} ended with code {done.returncode}: {last[:300]}"
            )


def _name(arguments: list[str]) -> str:
    """What to call it: the program, or the script that an interpreter runs."""
    program, *rest = (Path(part).stem for part in arguments[:2])
    interpreter = re.fullmatch(r"python[\d.]*|bash|sh|node|julia|Rscript", program)
    return rest[0] if rest and interpreter else program
