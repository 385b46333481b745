"""The checks of `harness.testing` by name, in a worker of their own.

A plugin that hangs or dies fails that check.
"""

from collections.abc import Iterator
from functools import lru_cache

from harness.errors import UnknownNameError
from harness.plugins.kinds import image_metric, metrics, restorers, set_metrics
from harness.plugins.registry import require_usable, why_missing
from harness.plugins.specification import RestorerSpec, parse_restorer
from harness.restoring.in_worker import load_restorer
from harness.scoring.evaluation import build_metric
from harness.testing import METRIC_CHECKS, RESTORER_CHECKS, Check, Trials, run_check
from harness.workers.allocation import free_mib
from harness.workers.confinement import go_to_own_folder
from harness.workers.pool import Trouble, WorkerPool


def usable_plugins() -> list[str]:
    """Every restorer and metric that is installed and usable here."""
    return [
        *(name for name in restorers if why_missing(restorers.get(name)) is None),
        *(name for name in metrics if why_missing(metrics.get(name)) is None),
    ]


def check_plugin(text: str, *, device: str = "cpu", timeout: float = 120.0) -> Iterator[Check]:
    """Checks a restorer (a name, path or specification) or a metric, one check after the other.

    Args:
        text: What to check.
        device: `cpu` or `cuda:N`.
        timeout: Seconds that one check may take, loading included.

    Raises:
        UnknownNameError: Nobody has registered such a name.
        UnavailableError: It is not usable here.
        InputError: It is a metric of sets, for which there are no checks.
    """
    spec = None if text in metrics or text in set_metrics else _parse(text)
    require_usable(text, image_metric(text) if spec is None else spec.cls())
    checks = METRIC_CHECKS if spec is None else RESTORER_CHECKS
    target = text if spec is None else spec
    with WorkerPool(1, private=spec is not None, memory_mib=free_mib()) as pool:
        for check in checks:
            found = pool.run(check_in_worker, target, check, device, timeout=timeout)
            yield Check(text, check, False, found.message) if isinstance(found, Trouble) else found


def _parse(text: str) -> RestorerSpec:
    try:
        return parse_restorer(text)
    except UnknownNameError as error:
        raise UnknownNameError("restorer or metric", text, [*restorers, *metrics]) from error


def check_in_worker(target: RestorerSpec | str, check: str, device: str) -> Check:
    """Builds what is to be checked, once a worker, and runs one check."""
    go_to_own_folder()
    if isinstance(target, str):
        return run_check(target, check, lambda: METRIC_CHECKS[check](build_metric(target, device)))
    return run_check(target.text, check, lambda: RESTORER_CHECKS[check](_trials(target, device)))


@lru_cache(maxsize=1)
def _trials(spec: RestorerSpec, device: str) -> Trials:
    return Trials(load_restorer(spec, device).restorer)
