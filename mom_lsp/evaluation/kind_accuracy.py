"""How often the kind of a commit's memory is right, on hand-labelled commits.

    python -m mom_lsp.evaluation.kind_accuracy LABELS CLONE... [--wrong]

A label is the kind that a reader of subject, body and diffstat gives the commit, and under "also" the kinds that are no
less true. A claim is right if it is one of these; a bug pattern is a fix as well. Recall counts the first kind alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from mom_lsp.extract.commits import commit_memory
from mom_lsp.git import Repository, locate
from mom_lsp.memory import Kind


@dataclass(frozen=True, slots=True)
class LabelledKind:
    """The kind that a commit was given by hand, and the one that its memory claims."""

    commit: str  # full sha
    title: str
    kind: Kind
    true: frozenset[Kind]  # all kinds that are right to claim
    claimed: Kind

    @property
    def is_right(self) -> bool:
        """Whether the claim is true."""
        return self.claimed in self.true


@dataclass(frozen=True, slots=True)
class KindAccuracy:
    """The counts of one kind."""

    claimed: int
    right: int  # of the claimed
    labelled: int
    found: int  # of the labelled, those for which a true kind was claimed


def labelled_kinds(labels: Path, clone: Path) -> Iterator[LabelledKind]:
    """Yield the labelled commits that a clone has, in the order of their hashes."""
    repository = Repository(locate(clone))
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    of_clone = {row["commit"]: row for row in rows if repository.has(row["commit"])}
    for commit in repository.commits(sorted(of_clone)):
        row, memory = of_clone[commit.sha], commit_memory(commit, sanitize=str)
        true = {row["kind"], *row.get("also", ())}
        true |= {"fix"} if "bug_pattern" in true else set()
        yield LabelledKind(commit.sha, memory.title, row["kind"], frozenset(true), memory.kind)


def accuracy(commits: Sequence[LabelledKind]) -> dict[Kind, KindAccuracy]:
    """Return the counts of each kind but "note", which claims nothing."""
    counts = dict[Kind, KindAccuracy]()
    for kind in get_args(Kind):
        claims = [one for one in commits if one.claimed == kind]
        labelled = [one for one in commits if one.kind == kind]
        if kind != "note":
            right, found = (sum(one.is_right for one in some) for some in (claims, labelled))
            counts[kind] = KindAccuracy(len(claims), right, len(labelled), found)
    return counts


def main() -> None:
    """Print a line for each kind."""
    parser = argparse.ArgumentParser(description="Measure how often the kind of a commit's memory is right.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("clones", nargs="+", type=Path)
    parser.add_argument("--wrong", action="store_true", help="list the claims that are wrong and the kinds not found")
    chosen = parser.parse_args()
    commits = [one for clone in chosen.clones for one in labelled_kinds(chosen.labels, clone)]
    sys.stdout.write(f"{len(commits)} commits\n")
    for kind, count in accuracy(commits).items():
        precision = f"{count.right / count.claimed:.2f}" if count.claimed else "none"
        recall = f"{count.found / count.labelled:.2f}" if count.labelled else "none"
        sys.stdout.write(f"{kind}: {count.right} of {count.claimed} claims right, precision {precision}; ")
        sys.stdout.write(f"{count.found} of {count.labelled} found, recall {recall}\n")
    for one in commits if chosen.wrong else ():
        if not one.is_right:
            sys.stdout.write(f"  {one.commit[:12]} {one.claimed}, not {one.kind}: {one.title}\n")


if __name__ == "__main__":
    main()
