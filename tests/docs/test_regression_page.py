"""The page on regression checks: its commands and options exist, and its test runs.

Its workflow and its settings are read.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import yaml

from harness.cards import MetricCard
from harness.cli.group import cli
from harness.plugins.kinds import metrics, resolve_benchmark
from harness.regression.tolerances import Settings, read_settings

PAGE = (Path(__file__).parents[2] / "docs" / "regression.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def workflow() -> Any:
    return yaml.safe_load(blocks("yaml")[0])


def commands() -> Iterator[list[str]]:
    """Every `restobench` command line of the page's blocks, the workflow's steps included."""
    steps = [step.get("run", "") for job in workflow()["jobs"].values() for step in job["steps"]]
    for line in "\n".join([*blocks("sh"), *steps]).splitlines():
        if line.strip().startswith("restobench "):
            yield shlex.split(line, comments=True)[1:]


def test_the_workflow_is_one() -> None:
    document = workflow()
    assert True in document, "YAML 1.1 reads `on` as true"
    for job in document["jobs"].values():
        assert job["runs-on"]
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))


def test_commands_and_options_exist() -> None:
    names = set()
    for name, *arguments in commands():
        command = cli.get_command(click.Context(cli), name)
        assert command is not None, name
        names.add(name)
        # parses without running: an unknown option or a missing argument is an error
        command.make_context(name, arguments, parent=click.Context(cli, obj={"quiet": True}))
        if "-b" in arguments:
            assert resolve_benchmark(arguments[arguments.index("-b") + 1]).sets
    assert names >= {"run", "baseline", "compare", "report"}


def test_the_settings_are_read_and_complete(tmp_path: Path) -> None:
    text = blocks("toml")[0]
    (tmp_path / "settings.toml").write_text(text)
    settings = read_settings(tmp_path / "settings.toml")
    assert set(tomllib.loads(text)) == {item.name for item in fields(Settings)} - {"tolerance_on"}
    names = [item.name for item in fields(Settings) if "tolerance" not in item.name]
    shown = {name: getattr(settings, name) for name in names}
    default = {name: getattr(Settings(), name) for name in names}
    assert shown == default, "what the page shows are the defaults"
    card = MetricCard("psnr", True, True, tolerance=0.02, tolerance_on={"cuda": 0.04})
    assert settings.tolerance_of(card, "cpu") == 0.05
    assert settings.tolerance_of(card, "cuda") == 0.1


def test_the_tolerances_of_the_page_are_the_cards() -> None:
    for name in ("psnr", "psnr-y", "ssim", "ssim-y", "ms-ssim", "niqe", "blur-effect", "dri"):
        card = metrics.get(name).card
        assert f"`{name}`" in PAGE
        assert f"{card.tolerance:g} and {card.tolerance_on['cuda']:g}" in PAGE


def test_the_test_of_the_page_calls_the_fixture_as_it_is() -> None:
    import ast
    import inspect

    from harness.pytest_plugin import Checker

    tree = ast.parse(blocks("python")[0])
    [call] = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert ast.unparse(call.func) == "restobench.check"
    values = {item.arg: object() for item in call.keywords if item.arg}
    inspect.signature(Checker.check).bind(object(), *call.args, **values)
