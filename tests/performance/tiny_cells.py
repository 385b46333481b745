"""Prints cells a second, and the parent's CPU ms for one, of a benchmark by a restorer that does
nothing: the first start of a run, and what is its own in it.

    python tests/performance/tiny_cells.py BENCHMARK.toml RUN
"""

import json
import sys
import time
from pathlib import Path

from harness.plugins.kinds import resolve_benchmark
from harness.running.plan import make_plan
from harness.running.runner import run_plan

if __name__ == "__main__":
    benchmark = resolve_benchmark(sys.argv[1])
    run_plan(make_plan(benchmark, ["identity"], limit=8), Path(sys.argv[2] + "-warm-up"))
    plan = make_plan(benchmark, ["identity"])
    started, worked = time.perf_counter(), time.process_time()
    run_plan(plan, Path(sys.argv[2]), workers=2)
    cells, worked = plan.cells(), time.process_time() - worked
    print(json.dumps([cells / (time.perf_counter() - started), worked / cells * 1000]))
