"""Which notes and checkpoints cannot be read, for `mom doctor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from mom_lsp.annotations.reading import MAX_SIZE, said
from mom_lsp.errors import RepositoryError
from mom_lsp.git import Repository
from mom_lsp.git.annotations import annotated_commit

SAMPLE = 1_000  # records of each ref that are looked at; their order is that of hashes
MAX_REFS = 50


def unread_annotations(repository: Repository) -> list[str]:
    """Return what is wrong with the records at each ref; nothing for those that can be read."""
    found: list[str] = []
    for ref, tip in islice(repository.annotation_refs().items(), MAX_REFS):
        try:
            blobs = list(islice(_records(repository, tip), SAMPLE))
        except RepositoryError as error:
            found.append(f"{ref} cannot be read: {error}")
            continue
        contents = repository.contents(blobs, MAX_SIZE)
        problems = Counter(problem for _, data in contents for problem in said([("", data)]).problems)
        found += [f"{ref}: {count} of {len(blobs)} are not shown: {problem}" for problem, count in problems.items()]
    return found


def _records(repository: Repository, tip: str) -> Iterator[str]:
    for path, _, blob in repository.changed_blobs("", tip):
        if annotated_commit(path) or path.endswith("metadata.json"):
            yield blob
