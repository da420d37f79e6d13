"""How many of the commits that quote what they revert are linked to it, on real histories.

    python -m mom_lsp.evaluation.revert_links CLONE... [--list] [--sample N]

Asked are the commits of HEAD, merges aside, whose subject starts with "Revert" and a quoted title. It takes messages
and the order of commits, nothing else; no index is needed.
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
CHUNK = 5_000  # commits that become rows at once


@dataclass(frozen=True, slots=True)
class Linked:
    """One commit that reverts or reapplies something, and what it is linked to."""

    memory: Memory
    subject: str
    targets: tuple[tuple[str, Memory], ...]  # each with the relation

    @property
    def asked(self) -> bool:
        """Whether it starts with "Revert" and a quoted title."""
        return bool(QUOTING.match(self.subject))


def linked(repository: Repository, head: str) -> Iterator[Linked]:
    """Yield the ancestors of a commit that revert or reapply something, newest first, merges aside."""
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
            yield Linked(memory, subject, tuple(targets.get(row, ())))


def main() -> None:
    """Print a line for each clone."""
    parser = argparse.ArgumentParser(description="Measure how many reverts are linked to what they revert.")
    parser.add_argument("clones", nargs="+", type=Path)
    parser.add_argument("--list", action="store_true", help="name those that are not linked")
    parser.add_argument(
        "--sample", type=int, default=0, help="show so many of all that is taken for a revert, to judge"
    )
    chosen = parser.parse_args()
    for clone in chosen.clones:
        repository = Repository(locate(clone))
        head = repository.resolve()
        found = list(linked(repository, head)) if head else []
        asked = [one for one in found if one.asked]
        done = [one for one in asked if one.targets]
        sys.stdout.write(f"{clone}: {len(done)} of {len(asked)} linked ({len(done) / max(1, len(asked)):.1%})\n")
        for one in asked if chosen.list else ():
            if not one.targets:
                sys.stdout.write(f"  {one.memory.commits[0][:12]} {one.subject}\n")
        _show(random.Random(0).sample(found, min(chosen.sample, len(found))))


def _show(found: Sequence[Linked]) -> None:
    for one in found:
        sys.stdout.write(f"  {one.memory.commits[0][:12]} [{one.memory.kind}] {one.subject}\n")
        for relation, target in one.targets:
            sys.stdout.write(f"      {relation} {target.commits[0][:12]} {target.title}\n")


if __name__ == "__main__":
    main()
