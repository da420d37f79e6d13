"""How long commands take that a user waits for: `mom suggest`, and a commit with the git hook."""

from __future__ import annotations

import sys

from mom_lsp.evaluation.bench_clone import BenchTarget, Figure, figure, median_of, run_command, run_mom, stop_engine
from mom_lsp.evaluation.hook_bench import measure_hook
from mom_lsp.git import Location
from mom_lsp.process import ensure_engine

ROUNDS = 5


def measure_commands(location: Location, target: BenchTarget) -> list[Figure]:
    """Ask about a line of an indexed clone without an engine and with one, and commit."""
    root = str(location.root)
    without = median_of(ROUNDS, lambda: run_mom(location, "suggest", str(target)))
    client = ensure_engine(location.data, 60)
    try:
        client.call("open", {"root": root}, 60)
        run_mom(location, "suggest", str(target))
        through = median_of(ROUNDS, lambda: run_mom(location, "suggest", str(target)))
    finally:
        stop_engine(client, root)
    interpreter = median_of(ROUNDS, lambda: run_command(sys.executable, "-c", "pass"))
    started = f"start of the Python interpreter {interpreter * 1000:.0f} ms"
    hook = measure_hook(location.root)
    commits = f"commit {hook['without']:.0f} ms without, {hook['with']:.0f} ms with the hook"
    return [
        figure("`mom suggest` with a running engine", through * 1000, "ms", round(50 + interpreter * 1000), started),
        figure("`mom suggest` without an engine", without, "s", 2),
        figure("hook overhead of a commit, without interpreter start", hook["extra"], "ms", 60, commits),
    ]
