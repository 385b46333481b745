"""Registries: lazy, collision-proof, with near names."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pytest

from harness.errors import PluginError, UnknownNameError
from harness.plugins import kinds
from harness.plugins.registry import Registry

EVERY = [
    kinds.restorers, kinds.loaders, kinds.degradations, kinds.sets, kinds.benchmarks,
    kinds.benchmark_loaders, kinds.metrics, kinds.reports,
]  # fmt: skip


@pytest.mark.parametrize("registry", EVERY, ids=lambda registry: registry.group)
def test_every_registered_name_loads(registry: Registry[Any]) -> None:
    assert registry.names()
    for name in registry:
        assert registry.get(name) is not None
        assert registry.origin(name).distribution.startswith("restobench ")


def test_near_names_are_suggested() -> None:
    message = r"no restorer is called 'bicubik'. Did you mean bicubic\?"
    with pytest.raises(UnknownNameError, match=message):
        kinds.restorers.get("bicubik")


def entry(name: str, target: str) -> EntryPoint:
    return EntryPoint(name, target, "restobench.things")


def registry_of(monkeypatch: pytest.MonkeyPatch, *entries: EntryPoint) -> Registry[Any]:
    monkeypatch.setattr("harness.plugins.registry.installed_entry_points", lambda _group: entries)
    return Registry("thing")


def test_two_plugins_of_one_name_are_an_error_that_names_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = registry_of(monkeypatch, entry("twin", "json:loads"), entry("twin", "json:dumps"))
    with pytest.raises(PluginError, match=r"json:loads.*json:dumps"):
        registry.names()


def test_a_plugin_that_does_not_import_says_why_and_the_others_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, fine = entry("broken", "no_such_module:X"), entry("fine", "json:loads")
    registry = registry_of(monkeypatch, broken, fine)
    assert registry.names() == ["broken", "fine"]
    assert callable(registry.get("fine"))
    with pytest.raises(PluginError, match=r"'broken'.*no_such_module"):
        registry.get("broken")


def test_added_objects_cannot_take_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = registry_of(monkeypatch, entry("taken", "json:loads"))
    registry.add("own", 1)
    assert registry.get("own") == 1
    assert "own" in registry
    for name in ("own", "taken"):
        with pytest.raises(PluginError, match="registered already"):
            registry.add(name, 2)


def test_entry_points_name_each_plugin_once() -> None:
    groups = [registry.group for registry in EVERY]
    names = [(group, item.name) for group in groups for item in entry_points(group=group)]
    assert len(names) == len(set(names))
