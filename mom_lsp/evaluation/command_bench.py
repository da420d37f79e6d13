"""How long commands take that a user waits for: `mom suggest`, `mom why`, and a commit with the git hook."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from statistics import median

from mom_lsp.evaluation.bench_clone import (
    BenchTarget,
    Figure,
    figure,
    median_of,
    run_command,
    run_mom,
    stop_engine,
    timed,
)
from mom_lsp.evaluation.hook_bench import measure_hook
from mom_lsp.git import Location
from mom_lsp.process import ensure_engine

ROUNDS = 5


def measure_commands(location: Location, targets: Sequence[BenchTarget]) -> list[Figure]:
    """Ask about lines of an indexed clone without an engine and with one, and commit."""
    root, target = str(location.root), targets[0]
    without = median_of(ROUNDS, lambda: run_mom(location, "suggest", str(target)))
    client = ensure_engine(location.data, 60)
    try:
        client.call("open", {"root": root}, 60)
        run_mom(location, "suggest", str(target))
        through = median_of(ROUNDS, lambda: run_mom(location, "suggest", str(target)))
        whys = [timed(partial(run_mom, location, "why", str(one))) for one in targets]
    finally:
        stop_engine(client, root)
    interpreter = median_of(ROUNDS, lambda: run_command(sys.executable, "-c", "pass"))
    started = f"start of the Python interpreter {interpreter * 1000:.0f} ms"
    hook = measure_hook(location.root)
    commits = f"commit {hook['without']:.0f} ms without, {hook['with']:.0f} ms with the hook"
    return [
        figure("`mom suggest` with a running engine", through * 1000, "ms", round(50 + interpreter * 1000), started),
        figure("`mom suggest` without an engine", without, "s", 2),
        figure("`mom why` with a running engine", median(whys), "s", 1, f"{len(whys)} lines, each asked once"),
        figure("hook overhead of a commit, without interpreter start", hook["extra"], "ms", 60, commits),
    ]
