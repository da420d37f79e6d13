"""The questions of some labels, asked of an index as of the moment of each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs

from mom_lsp import datafolder
from mom_lsp.encode import SentenceEncoder
from mom_lsp.errors import EncoderError, UsageError
from mom_lsp.git import Repository, locate
from mom_lsp.indexing.extraction_worker import attributes_file
from mom_lsp.journal import Journal
from mom_lsp.memory import Encoder
from mom_lsp.store import Store
from mom_lsp.tuning.cache import BlameCache, Step
from mom_lsp.tuning.cases import Case, Cases, Study
from mom_lsp.tuning.labels import Label
from mom_lsp.workspace import Library


def gather(
    root: Path,
    labels: Sequence[Label],
    step: Step,
    *,
    form: str = "editing",
    meaning: bool = True,
    studies: Sequence[Callable[[Library], Study]] = (),
) -> list[Case]:
    """Return the cases of the labels whose query is here and has the form that is wanted.

    Args:
        root: of an indexed worktree.
        labels: queries and answers.
        step: is called with a phase, how much of it is done, and how much there is.
        form: "editing" knows the lines that are about to be changed, "intent" the masked subject, "both" both.
        meaning: whether questions are compared by meaning, too.
        studies: what else is found out about each case.

    Raises:
        UsageError: no repository, or one without commits.
        NoIndex: the repository is not indexed.
    """
    location = locate(root)
    if not location.git:
        raise UsageError(f"{root} is not a git repository")
    repository = Repository(location)
    cache = BlameCache(platformdirs.user_cache_path("mom-lsp") / "eval", repository)
    with tempfile.TemporaryDirectory(prefix="mom-eval-") as scratch:
        journal = Journal(Path(scratch) / datafolder.JOURNAL)  # nobody has used anything yet
        try:
            store = Store(location.data)
            library = Library(lambda: store, journal, installed_encoder() if meaning else None)
            library.reload()
            chosen = [study(library) for study in studies]
            cases = Cases(repository, library, cache, attributes_file(location.data), step, chosen)
            return list(cases.make(labels, form))
        finally:
            journal.close()
            cache.close()


def installed_encoder() -> Encoder | None:
    """Return the encoder that is installed, None if there is none."""
    try:
        return SentenceEncoder()
    except EncoderError:
        return None
