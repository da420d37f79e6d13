"""Makes the cases of labels from the index of a repository."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs

from mom_lsp import datafolder
from mom_lsp.encode import choose
from mom_lsp.errors import EncoderError, UsageError
from mom_lsp.git import Repository, locate
from mom_lsp.indexing.extraction_worker import attributes_file
from mom_lsp.journal import Journal
from mom_lsp.memory import Encoder
from mom_lsp.store import Store
from mom_lsp.tuning.cache import BlameCache, Step
from mom_lsp.tuning.cases import Annotator, Case, Cases
from mom_lsp.tuning.labels import Label
from mom_lsp.workspace import Library


def gather_cases(
    root: Path,
    labels: Sequence[Label],
    step: Step,
    *,
    form: str = "editing",
    meaning: bool = True,
    annotators: Sequence[Callable[[Library], Annotator]] = (),
) -> list[Case]:
    """Return the cases of the labels whose query is in the history and has the wanted form.

    Args:
        root: of an indexed worktree.
        labels: queries and their relevant commits.
        step: called with the progress: phase, done, total.
        form: "editing" for queries of the lines about to be changed, "intent" of the masked subject, "both" of both.
        meaning: whether queries have embeddings.
        annotators: makers of the annotators of each case.

    Raises:
        UsageError: not a git repository, or one without commits.
        NoIndex: the repository is not indexed.
    """
    location = locate(root)
    if not location.git:
        raise UsageError(f"{root} is not a git repository")
    repository = Repository(location)
    cache = BlameCache(platformdirs.user_cache_path("mom-lsp") / "eval", repository)
    with tempfile.TemporaryDirectory(prefix="mom-eval-") as scratch:
        journal = Journal(Path(scratch) / datafolder.JOURNAL)  # empty: no feedback yet
        try:
            store = Store(location.data)
            library = Library(lambda: store, journal, installed_encoder() if meaning else None)
            library.snapshot_with_vectors()
            made = [make(library) for make in annotators]
            cases = Cases(repository, library, cache, attributes_file(location.data), step, made)
            return list(cases.make(labels, form))
        finally:
            journal.close()
            cache.close()


def installed_encoder() -> Encoder | None:
    """Return the installed encoder, None if there is none."""
    try:
        return choose(bulk=True)
    except EncoderError:
        return None
