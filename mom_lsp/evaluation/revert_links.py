"""The recall of revert links on real histories: how many commits that quote what they revert are linked to it.

    python -m mom_lsp.evaluation.revert_links CLONE... [--list] [--sample N]

Counts the ancestors of HEAD, except merges, whose subject starts with "Revert" and a quoted title. Only messages and
the order of commits are used; no index is needed.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mom_lsp.extract.commits import commit_memory
from mom_lsp.extract.reverts import VERDICTS
from mom_lsp.git import Repository, locate
from mom_lsp.memory import Memory
from mom_lsp.route.catalog import Catalog
from mom_lsp.route.columns import COLUMNS
from mom_lsp.route.view import View
from mom_lsp.store.arrow_rows import to_table

QUOTING = re.compile(r"Revert [\"“']")
CHUNK = 5_000  # commits per table


@dataclass(frozen=True, slots=True)
class RevertLinks:
    """A commit that reverts or reapplies something, and the commits that it is linked to."""

    memory: Memory
    subject: str
    targets: tuple[tuple[str, Memory], ...]  # (relation, target)

    @property
    def quotes_title(self) -> bool:
        """Whether its subject starts with "Revert" and a quoted title."""
        return bool(QUOTING.match(self.subject))


def revert_links(repository: Repository, head: str) -> Iterator[RevertLinks]:
    """Yield the ancestors of a commit that revert or reapply something, newest first, except merges."""
    memories, subjects, merges = list[Memory](), list[str](), set[str]()
    history, home = repository.history(head), repository.projects
    for commit in repository.messages(history):
        memories.append(commit_memory(commit, sanitize=str, home=home))
        subjects.append(commit.message.strip().partition("\n")[0])
        merges |= {commit.sha} if len(commit.parents) > 1 else set()
    rows = [to_table(memories[at : at + CHUNK]).select(COLUMNS) for at in range(0, len(memories), CHUNK)]
    view = View(Catalog.of_table(pa.concat_tables(rows)), history, {})
    targets: dict[int, list[tuple[str, Memory]]] = {}
    for edge in view.edges:
        if edge.relation in VERDICTS and view.is_later(edge):
            targets.setdefault(edge.source, []).append((edge.relation, memories[edge.target]))
    for row, (memory, subject) in enumerate(zip(memories, subjects, strict=True)):
        reverts = memory.kind == "failed_approach" or any(ref.relation in VERDICTS for ref in memory.references)
        if memory.source.commit not in merges and (reverts or QUOTING.match(subject)):
            yield RevertLinks(memory, subject, tuple(targets.get(row, ())))


def main() -> None:
    """Print the recall of each clone."""
    parser = argparse.ArgumentParser(description="Measure how many reverts are linked to the commit that they revert.")
    parser.add_argument("clones", nargs="+", type=Path)
    parser.add_argument("--list", action="store_true", help="list the reverts without a link")
    parser.add_argument(
        "--sample", type=int, default=0, help="print a random sample of this many detected reverts, to check by hand"
    )
    chosen = parser.parse_args()
    for clone in chosen.clones:
        repository = Repository(locate(clone))
        head = repository.resolve()
        found = list(revert_links(repository, head)) if head else []
        quoting = [one for one in found if one.quotes_title]
        linked = [one for one in quoting if one.targets]
        share = len(linked) / max(1, len(quoting))
        sys.stdout.write(f"{clone}: {len(linked)} of {len(quoting)} linked ({share:.1%})\n")
        for one in quoting if chosen.list else ():
            if not one.targets:
                sys.stdout.write(f"  {one.memory.commits[0][:12]} {one.subject}\n")
        _show(random.Random(0).sample(found, min(chosen.sample, len(found))))


def _show(found: Sequence[RevertLinks]) -> None:
    for one in found:
        sys.stdout.write(f"  {one.memory.commits[0][:12]} [{one.memory.kind}] {one.subject}\n")
        for relation, target in one.targets:
            sys.stdout.write(f"      {relation} {target.commits[0][:12]} {target.title}\n")


if __name__ == "__main__":
    main()
