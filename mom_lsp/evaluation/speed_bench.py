"""`mom bench`: how long indexing, an editor and commands take, beside what git and the interpreter take."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from mom_lsp import datafolder
from mom_lsp.evaluation.bench_clone import BenchTarget, busiest_lines, cloned, run_mom, without_encoder
from mom_lsp.evaluation.command_bench import measure_commands
from mom_lsp.evaluation.editor_bench import measure_editor, measure_encoding, measure_meaning
from mom_lsp.evaluation.indexing_bench import measure_indexing
from mom_lsp.git import locate

OPENED = 5  # files


def measure_speed(root: Path, at: BenchTarget | None = None) -> dict[str, Any]:
    """Measure on a fresh clone of a repository and return {"figures": [{"name", "value", "unit", "target", "note"}]}.

    Args:
        root: of the repository.
        at: the line to ask about first; None for one in the file that changes most often.

    Raises:
        UsageError: not a git repository, or one without a commit.
    """
    with cloned(root) as location:
        busiest = [target for target in busiest_lines(location) if at is None or target.path != at.path]
        targets = [*([at] if at else []), *busiest][:OPENED]
        with without_encoder(location):
            print(f"indexing a clone of {root}, then asking about {targets[0]}", file=sys.stderr)
            figures = measure_indexing(location, targets[0])
            print("playing an editor with one file and with five", file=sys.stderr)
            figures += measure_editor(location, targets)
            figures += measure_commands(location, targets)
        if encoded := measure_encoding(location):
            known = locate(root).data / datafolder.VECTORS
            if known.is_dir():  # embeddings do not depend on the clone: reuse those that the repository has
                shutil.rmtree(location.data / datafolder.VECTORS, ignore_errors=True)
                shutil.copytree(known, location.data / datafolder.VECTORS)
                run_mom(location, "index")  # saves the vectors in the order of the catalog, as after any indexing
            figures += [*encoded, *(measure_meaning(location) if (location.data / datafolder.VECTORS).is_dir() else [])]
    return {"figures": figures}
