"""Labels for `mom eval` from pull requests that name earlier ones in their descriptions or discussions.

    python -m mom_lsp.evaluation.pull_request_labels CLONE > labels.jsonl

CLONE is indexed, with an export of its pull requests imported. The question is the newest commit of a pull request, the
answers are the commits of the pull requests that it names: the author or a reviewer thought of them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mom_lsp.discussions.archive import Archive, Key
from mom_lsp.discussions.values import Discussion
from mom_lsp.errors import UsageError
from mom_lsp.git import Repository, locate
from mom_lsp.indexing.discussions import Landings
from mom_lsp.store import Store
from mom_lsp.tuning.labels import MOST_FILES, MOST_NAMED

NAMED = re.compile(r"(?<![\w/&#])#(\d{1,7})\b")


def labels(clone: Path) -> Iterator[dict[str, object]]:
    """Yield a label for each merged pull request that names earlier ones. Raises UsageError without an archive."""
    location = locate(clone)
    repository = Repository(location)
    head = repository.resolve()
    with Archive(location.data) as archive:
        if not archive.revision or head is None:
            raise UsageError(f"{clone} has no discussions: run `mom import` there first")
        landings = Landings(Store(location.data), repository, head)
        pulls = {one.number: one for one in archive.all() if one.type == "pull_request"}
        commits_of = {number: _commits(landings, archive, one) for number, one in pulls.items()}
    asked = {commits[0]: number for number, commits in commits_of.items() if commits}
    for commit in repository.commits(list(asked)):
        pull = pulls[asked[commit.sha]]
        earlier = [number for number in _named(pull) if number < pull.number]
        gold = [sha for number in earlier for sha in commits_of.get(number, ())]
        if gold and len(earlier) <= MOST_NAMED and 0 < len(commit.files) <= MOST_FILES:
            yield {"query": commit.sha, "time": commit.author_time, "gold": gold, "own_day": [], "kind": "mention"}


def _commits(landings: Landings, archive: Archive, one: Discussion) -> tuple[str, ...]:
    """Return the commits that a pull request became, newest first."""
    landing = landings.of(archive, Key(one.project, one.type, one.number))
    return landing.commits if landing is not None else ()


def _named(pull: Discussion) -> list[int]:
    """Return the numbers in a pull request's description, comments and reviews."""
    said = [pull.body, *(comment.body for comment in pull.comments if not comment.bot)]
    said += [comment.body for thread in pull.threads for comment in thread.comments if not comment.bot]
    return list(dict.fromkeys(int(number) for text in said for number in NAMED.findall(text)))


def main() -> None:
    """Print a label a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone", type=Path)
    for label in labels(parser.parse_args().clone):
        sys.stdout.write(json.dumps(label) + "\n")


if __name__ == "__main__":
    main()
