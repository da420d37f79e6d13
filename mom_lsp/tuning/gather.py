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
from mom_lsp.settings import resolve_saved
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
    encoder: Encoder | None = None,
    open_store: Callable[[Path], Store] = Store,
    annotators: Sequence[Callable[[Library], Annotator]] = (),
) -> list[Case]:
    """Return the cases of the labels whose query is in the history and has the wanted form.

    Args:
        root: of an indexed worktree.
        labels: queries and their relevant commits.
        step: called with the progress: phase, done, total.
        form: "editing" for queries of the lines about to be changed, "intent" of the masked subject, "both" of both.
        encoder: of the queries, None for none; without vectors of it in the store it is not asked.
        open_store: opens the store of a data folder.
        annotators: makers of the annotators of each case.

    Raises:
        UsageError: not a git repository, or one without commits.
        NoIndex: the repository is not indexed.
    """
    location = locate(root)
    if not location.git:
        raise UsageError(f"{root} is not a git repository")
    repository = Repository(location)
    cache = open_cache(repository)
    with tempfile.TemporaryDirectory(prefix="mom-eval-") as scratch:
        journal = Journal(Path(scratch) / datafolder.JOURNAL)  # empty: no feedback yet
        try:
            store = open_store(location.data)
            library = Library(lambda: store, journal, encoder)
            library.snapshot_with_vectors()
            made = [make(library) for make in annotators]
            cases = Cases(repository, library, cache, attributes_file(location.data), step, made)
            return list(cases.make(labels, form))
        finally:
            journal.close()
            cache.close()


def open_cache(repository: Repository) -> BlameCache:
    """Open the cache of a repository; the caller closes it."""
    return BlameCache(platformdirs.user_cache_path("mom-lsp") / "eval", repository)


def configured_encoder(root: Path) -> Encoder | None:
    """Return the encoder that the product asks with the settings of a worktree.

    None if it is turned off, or if the default one is not installed.

    Raises:
        EncoderError: the settings name a model that cannot be used.
    """
    location = locate(root)
    chosen = resolve_saved(location.root, location.data).settings.encoder
    if not chosen.enable:
        return None
    try:
        return choose(chosen.model, bulk=True)
    except EncoderError:
        if chosen.model:
            raise
        return None
